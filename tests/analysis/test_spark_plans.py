"""What PySpark does for each analysis: how often it reads the rewards, moves rows between machines, and joins."""

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import cache
from typing import Any, NamedTuple

import polars as pl
import pytest

import rewards_analytics as ra
from tests.frames import ANALYSES, OVER_TIME, TODAY, balance, lot, polars_frame, table, to_level, total


class Plan(NamedTuple):
    """The queries that the call runs at once, and over all of them and the result: scans, exchanges and joins."""

    queries: int
    scans: int
    exchanges: int
    joins: int


PLANS = {
    "balances": Plan(queries=0, scans=1, exchanges=1, joins=0),
    "holdings": Plan(queries=0, scans=1, exchanges=1, joins=0),
    # By the key, then by each counted guid, then by unit.
    "totals": Plan(queries=0, scans=1, exchanges=3, joins=0),
    # By the key, then by unit and day.
    "expiring": Plan(queries=1, scans=1, exchanges=2, joins=0),
    "aging": Plan(queries=1, scans=1, exchanges=2, joins=0),
    "distance": Plan(queries=0, scans=1, exchanges=1, joins=0),
    "upcoming": Plan(queries=0, scans=1, exchanges=1, joins=0),
    "bands": Plan(queries=1, scans=1, exchanges=3, joins=0),
    # Once by reward and once by holding.
    "quality": Plan(queries=2, scans=2, exchanges=3, joins=0),
    "value": Plan(queries=1, scans=1, exchanges=2, joins=0),
    # Rates by member, and the days on which members were aggregated, are joined.
    "value by member": Plan(queries=1, scans=1, exchanges=2, joins=1),
    "freshness": Plan(queries=1, scans=1, exchanges=2, joins=1),
    "totals by user": Plan(queries=0, scans=1, exchanges=3, joins=0),
    "expiring by user": Plan(queries=1, scans=1, exchanges=2, joins=0),
    # Those of a history first ask for its days. `changes` and what follows from it join the calendar of pairs.
    "changes": Plan(queries=1, scans=2, exchanges=2, joins=1),
    "roll_forward": Plan(queries=2, scans=2, exchanges=3, joins=1),
    # They also read the last day, and join what was earned until then.
    "pace": Plan(queries=2, scans=3, exchanges=3, joins=2),
    "activity": Plan(queries=1, scans=3, exchanges=4, joins=2),
    "dues": Plan(queries=2, scans=2, exchanges=2, joins=0),
    "lapse": Plan(queries=2, scans=2, exchanges=2, joins=0),
    "forecast": Plan(queries=2, scans=2, exchanges=2, joins=0),
    "backtest": Plan(queries=2, scans=2, exchanges=2, joins=0),
}


MEMBERS = pl.DataFrame(
    {"user_guid": ["U1"], "member_guid": ["M1"], "aggregated_at": [datetime(2026, 11, 20, tzinfo=UTC)]}
)
OF_REWARDS = ANALYSES | {
    "value by member": lambda rewards: ra.value(
        rewards, pl.DataFrame({"unit_type": ["MILES"], "rate": [Decimal("0.01")], "member_guid": ["M1"]})
    ),
    "freshness": lambda rewards: ra.freshness(rewards, MEMBERS, as_of=TODAY),
    "totals by user": lambda rewards: ra.totals(rewards, by="user_guid"),
    "expiring by user": lambda rewards: ra.expiring(rewards, as_of=TODAY, by="user_guid"),
}


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """Rewards and a history in Parquet, which Spark reads itself."""
    folder = tmp_path_factory.mktemp("plans")
    rewards = polars_frame(
        table([balance("MILES", "5"), total("MILES", "9"), lot("MILES", "2", on="2027-01-01"), to_level("MILES", "4")])
    )
    rewards.write_parquet(folder / "rewards.parquet")
    days = [rewards.with_columns(taken_on=pl.lit(TODAY + timedelta(days=number))) for number in range(3)]
    pl.concat(days).write_parquet(folder / "history.parquet")
    return folder


class Asked(NamedTuple):
    """What PySpark has run at the call, and would run for the result."""

    at_call: list[str]
    result: str

    @property
    def all(self) -> str:
        return "\n".join([*self.at_call, self.result])


@pytest.fixture(scope="module")
def ask(spark, files):
    """Ask a question of a frame of files, once, and return its plans."""
    session = spark._jsparkSession
    store = session.sharedState().statusStore()

    def executions() -> dict[int, Any]:
        spark.sparkContext._jsc.sc().listenerBus().waitUntilEmpty()
        found = store.executionsList()
        return {found.apply(place).executionId(): found.apply(place) for place in range(found.size())}

    @cache
    def plans(name: str) -> Asked:
        question = OF_REWARDS.get(name) or OVER_TIME[name]
        source = files / ("rewards.parquet" if name in OF_REWARDS else "history.parquet")
        frame = spark.read.parquet(str(source))
        before = executions()
        result = question(frame)
        at_call = [each.physicalPlanDescription() for number, each in executions().items() if number not in before]
        return Asked(at_call, result._jdf.queryExecution().explainString(_formatted(spark)))

    return plans


def _formatted(spark):
    return spark._jvm.org.apache.spark.sql.execution.ExplainMode.fromString("formatted")


def tree_of(plan: str) -> str:
    """The operators of a plan, without the details that follow them."""
    return plan.partition("\n\n")[0]


@pytest.mark.parametrize("name", PLANS)
def test_the_number_of_scans_exchanges_and_joins(ask, name):
    asked = ask(name)

    trees = "\n".join(map(tree_of, [*asked.at_call, asked.result]))
    counts = (len(re.findall(pattern, trees)) for pattern in (r"Scan parquet", r"\bExchange\b", r"Join\b|Cartesian"))
    assert Plan(len(asked.at_call), *counts) == PLANS[name]


@pytest.mark.parametrize("name", PLANS)
def test_nothing_is_computed_in_python(ask, name):
    assert not re.search(r"Python|MapIn|Pandas", ask(name).all)


@pytest.mark.parametrize("name", sorted(PLANS.keys() - {"balances", "quality"}))
def test_balance_types_are_filtered_while_the_files_are_read(ask, name):
    reads = re.findall(r"PushedFilters: (.*)\nReadSchema: struct<(.*)>", ask(name).all)

    of_rewards = [(filters, columns) for filters, columns in reads if "balance_type" in columns]
    assert of_rewards
    for filters, columns in of_rewards:
        assert "EqualTo(balance_type,BALANCE)" in filters or "EqualTo(balance_type,BALANCE_TO_LEVEL)" in filters
        assert not {"guid", "created_at"} & {column.partition(":")[0] for column in columns.split(",")}


def test_every_analysis_has_its_plan_here():
    public = {name for name, home in ra._HOME.items() if home.startswith("analysis.")}
    assert public <= PLANS.keys() == {*OF_REWARDS, *OVER_TIME}
