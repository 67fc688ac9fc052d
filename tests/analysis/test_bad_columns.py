"""One rule for every frame: what is missing, out of range or a float is refused, and never passed over.

An eager frame is refused at the call. A lazy one is refused at the call or fails when it is computed.
"""

import datetime as dt
from decimal import Decimal as D

import dask
import matplotlib as mpl
import matplotlib.pyplot as plt
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import rewards_analytics as ra
from rewards_analytics.errors import FrameError, MissingColumnError, RewardsError
from rewards_analytics.results.records import records
from rewards_analytics.schema import FIELDS
from tests import frames
from tests.frames import balance, lot, to_level, total

TODAY = dt.date(2026, 11, 23)
ROWS = [
    total("MILES", "7"),
    balance("MILES", "5"),
    lot("MILES", "3", on="2026-12-31"),
    to_level("MILES", "4"),
    balance("POINTS", "5", on="2026-12-31", account_guid=None),
]
HOLDING = {"user_guid", "member_guid", "unit_type", "balance_type", "balance", "expires_on"}

MEMBERS = pl.DataFrame({"user_guid": ["U1"], "member_guid": ["M1"], "aggregated_at": [dt.datetime(2026, 11, 1)]})

ASKED = {
    "balances": (ra.balances, {"unit_type", "balance_type", "balance"}),
    "holdings": (ra.holdings, HOLDING),
    "totals": (ra.totals, HOLDING),
    "expiring": (lambda rewards: ra.expiring(rewards, as_of=TODAY), HOLDING),
    "aging": (lambda rewards: ra.aging(rewards, as_of=TODAY), HOLDING),
    "distance": (ra.distance, HOLDING),
    "upcoming": (lambda rewards: ra.upcoming(rewards, as_of=TODAY), HOLDING),
    "bands": (ra.bands, HOLDING),
    "quality": (lambda rewards: ra.quality(rewards, as_of=TODAY), {"guid", *HOLDING}),
    "value": (lambda rewards: ra.value(rewards, {"MILES": 1, "POINTS": 1}), HOLDING),
    "freshness": (lambda rewards: ra.freshness(rewards, MEMBERS, as_of=TODAY), HOLDING),
    "plot_totals": (ra.plot_totals, HOLDING),
    "plot_expiring": (lambda rewards: ra.plot_expiring(rewards, as_of=TODAY), HOLDING),
    "plot_distance": (ra.plot_distance, HOLDING),
    "plot_bands": (ra.plot_bands, HOLDING),
}


def table(*rows, **types):
    """A table of rewards in which some columns have another type."""
    fields = [field.with_type(types.get(field.name, field.type)) for field in frames.SCHEMA]
    return frames.table(rows or ROWS, pa.schema(fields))


def every_row(**values):
    return [row | values for row in ROWS]


BAD = {
    "guid is null": ("guid", table(*every_row(guid=None))),
    "user_guid is null": ("user_guid", table(*every_row(user_guid=None))),
    "member_guid is null": ("member_guid", table(*every_row(member_guid=None))),
    "unit_type is null": ("unit_type", table(*every_row(unit_type=None))),
    "balance_type is null": ("balance_type", table(*every_row(balance_type=None))),
    "balance is null": ("balance", table(*every_row(balance=None))),
    "balance is too large": ("balance", table(*every_row(balance=D("-1e19")))),
    "balance has ten decimals": (
        "balance",
        table(*every_row(balance=D("0.0000000001")), balance=pa.decimal128(38, 10)),
    ),
    "balance is a float": ("balance", table(*every_row(balance=1.5), balance=pa.float64())),
    "expires_on has a time of day": (
        "expires_on",
        table(*every_row(expires_on=dt.datetime(2026, 12, 31, 23, 59)), expires_on=pa.timestamp("us")),
    ),
}


@pytest.fixture(autouse=True)
def _quick():
    with mpl.rc_context({"figure.max_open_warning": 0}), dask.config.set(scheduler="synchronous"):
        yield
    plt.close("all")


def computed(result):
    """Compute a lazy result; a picture is computed already."""
    return result if isinstance(result, plt.Axes) else frames.collected(result)


def some_of(engine):
    """Each analysis with each bad column; for an engine that takes long, each of them with a few of the others."""
    step = 5 if engine in frames.UNORDERED else 1
    return [
        pytest.param(engine, name, bad, id=f"{engine}-{name}-{bad}")
        for place, name in enumerate(ASKED)
        for bad in [*BAD][place % step :: step]
    ]


@pytest.mark.parametrize(
    ("engine", "name", "bad"), [case for kind in (*frames.ENGINES, "pyspark") for case in some_of(kind)]
)
def test_no_analysis_and_no_picture_passes_over_a_bad_column(engine, name, bad, request):
    spark = request.getfixturevalue("spark") if engine == "pyspark" else None
    (ask, read), (column, rewards) = ASKED[name], BAD[bad]
    if engine == "dask":
        frame = frames.dask_frame(rewards, partitions=1)  # each partition takes its time
    else:
        frame = frames.ENGINES[engine](rewards) if spark is None else spark.createDataFrame(rewards)

    without_days = name == "freshness" or "distance" in name or "bands" in name
    if engine in LAZY and column == "expires_on" and without_days:
        return  # it uses no day: the engine may compute the column, and fail, or not
    if column not in read:
        result = ask(frame)
        if engine != "dask":  # slow
            computed(result)
    elif engine in LAZY:
        with pytest.raises(Exception, match=rf"{column}"):
            computed(ask(frame))
    else:
        with pytest.raises(RewardsError, match=rf"{column}"):
            ask(frame)


LAZY = {"polars_lazy", "duckdb", "dask", "pyspark"}


@pytest.mark.parametrize(
    ("place", "column"), [*enumerate(("user_guid", "member_guid", "unit_type", "balance_type", "balance"))]
)
def test_one_null_is_enough(make_frame, place, column):
    rows = [row | {column: None} if number == place else row for number, row in enumerate(ROWS)]

    with pytest.raises(Exception, match=rf"needs '{column}' in every row, and it is null in (1 row|some rows)"):
        frames.collected(ra.totals(make_frame(*rows)))


def test_a_null_total_beside_a_balance_is_not_passed_over(make_frame):
    rewards = make_frame(total("MILES", "1") | {"balance": None}, balance("MILES", "5"))

    with pytest.raises(Exception, match="'balance' in every row"):
        frames.collected(ra.totals(rewards))


@pytest.mark.parametrize("name", ["expiring", "aging", "upcoming"])
def test_a_lot_is_not_dropped_for_a_reward_without_a_type(make_frame, name):
    rewards = make_frame(balance("MILES", "5", on="2026-12-31"), balance("MILES", "1") | {"balance_type": None})

    with pytest.raises(Exception, match="'balance_type' in every row"):
        computed(ASKED[name][0](rewards))


@pytest.mark.parametrize("kind", ["polars", "pandas_plain", "pyarrow", "polars_lazy", "duckdb", "dask"])
@pytest.mark.parametrize("name", ["value", "plot_totals", "report"])
def test_one_reward_without_a_unit_ends_in_our_error_on_every_engine(name, kind, tmp_path):
    rows = [*ROWS, total(None, "1", account_guid="ACT-9")]
    asked = {
        "value": lambda rewards: ra.value(rewards, {"MILES": 1}),
        "plot_totals": ra.plot_totals,
        "report": lambda rewards: ra.report(rewards, tmp_path / "page.html", as_of=TODAY),
    }[name]

    with pytest.raises(FrameError, match=r"needs 'unit_type' in every row, and it is null in (1 row|some rows)"):
        records(asked(frames.ENGINES[kind](table(*rows))))
    assert not list(tmp_path.iterdir())


def test_a_result_without_a_unit_is_not_drawn():
    result = ra.totals(table()).to_pylist()

    for rows in ([*result, result[0] | {"unit_type": None}], [result[0] | {"unit_type": None}]):
        with pytest.raises(FrameError, match="'unit_type' is null in a row of the result"):
            ra.show.pictures("totals", rows)


# --- Days -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("zone", [None, "UTC", "Europe/Berlin", "Asia/Tokyo", "America/Denver"])
@pytest.mark.parametrize("unit", ["ms", "us", "ns"])
@pytest.mark.parametrize("kind", ["polars", "polars_lazy", "pandas", "pyarrow", "dask"])
def test_a_midnight_counts_by_the_day_that_its_own_zone_shows(kind, unit, zone):
    clock = pl.Series("expires_on", [dt.datetime(2026, 12, 31)]).cast(pl.Datetime(unit)).dt.replace_time_zone(zone)
    rewards = table(lot("MILES", "3")).set_column(FIELDS.index("expires_on"), "expires_on", clock.to_arrow())

    rows = frames.collected(ra.holdings(frames.ENGINES[kind](rewards)))

    assert rows["next_expiry"].to_list() == [dt.date(2026, 12, 31)]


@pytest.mark.parametrize("kind", ["polars", "pandas", "pyarrow"])
@pytest.mark.parametrize("clock", ["2026-12-31 23:59:00", "2026-12-31 00:00:00.000001"])
def test_another_time_of_day_is_refused_with_the_count_and_an_example(kind, clock):
    times = pl.Series([clock] * 5).str.to_datetime(time_unit="us", time_zone="Europe/Berlin")
    rewards = table().set_column(FIELDS.index("expires_on"), "expires_on", times.to_arrow())

    with pytest.raises(FrameError, match=rf"'expires_on' has a time of day in 5 rows, such as {clock}\+01:00\."):
        ra.aging(frames.ENGINES[kind](rewards), as_of=TODAY)


@pytest.mark.parametrize("kind", ["pandas", "pyarrow"])
def test_a_zone_that_is_an_offset_is_a_zone(kind):
    clock = pa.array([dt.datetime(2026, 12, 30, 18, 30)], pa.timestamp("us", "+05:30"))
    rewards = table(lot("MILES", "3")).set_column(FIELDS.index("expires_on"), "expires_on", clock)

    assert frames.collected(ra.holdings(frames.ENGINES[kind](rewards)))["next_expiry"].to_list() == [
        dt.date(2026, 12, 31)
    ]


@pytest.mark.parametrize(
    ("zone", "time"),
    [
        ("Europe/Berlin", "2026-12-31 00:00:00+01"),
        ("Asia/Tokyo", "2026-12-31 00:00:00+09"),
        ("UTC", "2026-12-31 00:00Z"),
    ],
)
def test_in_duckdb_the_zone_of_the_session_is_the_one_that_shows(zone, time):
    import duckdb

    connection = duckdb.connect()
    connection.execute(f"SET TimeZone = '{zone}'")
    connection.register("lots", table(lot("MILES", "3")))
    rewards = connection.sql(f"SELECT * REPLACE (TIMESTAMPTZ '{time}' AS expires_on) FROM lots")

    assert frames.collected(ra.holdings(rewards))["next_expiry"].to_list() == [dt.date(2026, 12, 31)]


def test_in_spark_the_zone_of_the_session_is_the_one_that_shows(spark):
    instant = dt.datetime(2026, 12, 30, 23, tzinfo=dt.UTC)
    rewards = spark.createDataFrame(
        table(lot("MILES", "3") | {"expires_on": instant}, expires_on=pa.timestamp("us", "UTC"))
    )
    try:
        spark.conf.set("spark.sql.session.timeZone", "Europe/Berlin")
        rows = frames.collected(ra.holdings(rewards))
    finally:
        spark.conf.set("spark.sql.session.timeZone", "UTC")

    assert rows["next_expiry"].to_list() == [dt.date(2026, 12, 31)]
    with pytest.raises(Exception, match="'expires_on' has a time of day in some rows"):
        frames.collected(ra.holdings(rewards))


# --- Columns twice, and columns of types that an engine does not have --------------------------------


def twice(rewards, column, kind):
    doubled = rewards.append_column(column, rewards[column])
    if kind == "pyarrow":
        return doubled
    if kind == "duckdb":
        import duckdb

        connection = duckdb.connect()
        connection.register("rewards", rewards)
        return connection.sql(f'SELECT *, "{column}" FROM rewards')
    frame = frames.pandas_arrow(rewards)
    frame = pd.concat([frame, frame[[column]]], axis=1)
    if kind == "pandas":
        return frame
    import dask.dataframe as dd

    return dd.from_pandas(frame, npartitions=1)


@pytest.mark.parametrize("kind", ["pandas", "pyarrow", "duckdb", "dask"])
def test_a_column_that_is_there_twice_is_named_where_it_is_read(kind):
    with pytest.raises(FrameError, match=r"totals\(\) reads 'balance', and the frame has 2 columns of that name"):
        ra.totals(twice(table(), "balance", kind))
    assert len(frames.collected(ra.totals(twice(table(), "description", kind)))) == 2


def test_duckdb_does_not_tell_upper_from_lower_case():
    import duckdb

    connection = duckdb.connect()
    connection.register("rewards", table())

    with pytest.raises(FrameError, match="reads 'balance', and the frame has 2 columns"):
        ra.totals(connection.sql('SELECT *, 1 AS "Balance" FROM rewards'))


@pytest.mark.parametrize("make", [frames.pyarrow_table, frames.pandas_arrow, frames.dask_frame])
def test_wide_decimals_are_computed_where_they_fit(make):
    at = FIELDS.index("balance")
    fits = table(ROWS[0]).set_column(at, "balance", pa.array([D("1.5")], pa.decimal256(76, 38)))
    does_not = table(ROWS[0]).set_column(at, "balance", pa.array([D("0.0000000001")], pa.decimal256(50, 10)))

    assert frames.collected(ra.totals(make(fits)))["available"].to_list() == [D("1.5")]
    with pytest.raises(Exception, match=r"balance|cast exactly"):
        frames.collected(ra.totals(make(does_not)))


@pytest.mark.parametrize("kind", [pa.decimal128(38, 0), pa.uint64()])
def test_an_amount_too_large_for_any_engine_is_refused_before_it_is_cast(kind):
    rewards = table(total("MILES", "1") | {"balance": 18446744073709551615}, balance=kind)

    with pytest.raises(
        FrameError, match=r"needs amounts below 10\^19, and 'balance' is larger in 1 row, such as 184467"
    ):
        ra.totals(rewards)


@pytest.mark.parametrize("make", [frames.pandas_plain, frames.dask_frame])
def test_pandas_periods_are_refused_as_dates(make):
    rewards = make(table(ROWS[2])).assign(expires_on=pd.Series(pd.PeriodIndex(["2026-12-31"], freq="D")))

    with pytest.raises(FrameError, match="reads 'expires_on' as dates, and the column holds another type"):
        ra.aging(rewards, as_of=TODAY)


@pytest.mark.parametrize("make", [frames.pyarrow_table, frames.pandas_arrow])
def test_a_column_that_is_not_read_may_be_of_any_type(make):
    rewards = table().append_column("mine", pa.array([pa.MonthDayNano([1, 1, 1])] * 5))
    rewards = (
        rewards.append_column("wide", pa.array([D(1)] * 5, pa.decimal256(50, 2)))
        if make is frames.pyarrow_table
        else table()
    )

    assert len(frames.collected(ra.totals(make(rewards)))) == 2


@pytest.mark.parametrize("make", [frames.polars_frame, frames.polars_lazy, frames.pandas_arrow, frames.duckdb_relation])
def test_groups_may_be_numbers_also_in_a_column_that_is_named_like_a_guid(make):
    rewards = table(ROWS[1], ROWS[4]).append_column("store_guid", pa.array([17, 4]))

    found = frames.collected(ra.balances(make(rewards), by="store_guid"))

    assert found.select("store_guid", "balance").sort("store_guid").rows() == [(4, D(5)), (17, D(5))]


@pytest.mark.parametrize("values", [[[1], [2]], [{"a": 1}, {"a": 2}]], ids=["lists", "structs"])
@pytest.mark.parametrize(
    "make", [frames.polars_frame, frames.polars_lazy, frames.pyarrow_table, frames.duckdb_relation]
)
def test_groups_that_are_lists_or_structs_are_refused(make, values):
    rewards = make(table(ROWS[1], ROWS[4]).append_column("mine", pa.array(values)))

    with pytest.raises(FrameError, match=r"balances\(\) cannot group by 'mine', which holds (List|Struct)"):
        ra.balances(rewards, by="mine")


def test_a_null_in_a_category_is_a_null():
    rewards = frames.pandas_plain(table()).assign(unit_type=pd.Categorical(["MILES", None, "MILES", "MILES", "POINTS"]))

    with pytest.raises(FrameError, match="'unit_type' in every row, and it is null in 1 row"):
        ra.totals(rewards)


# --- Frames of other libraries, and empty ones -------------------------------------------------------


class Stream:
    """A frame that speaks the Arrow interface alone."""

    def __init__(self, rewards):
        self._rewards = rewards

    def __arrow_c_stream__(self, requested_schema=None):
        return self._rewards.__arrow_c_stream__(requested_schema)


@pytest.mark.parametrize("make", [Stream, pa.Table.to_reader, lambda rewards: rewards.combine_chunks().to_batches()[0]])
def test_a_frame_that_speaks_the_arrow_interface_is_taken_like_a_table(make, tmp_path):
    assert ra.totals(make(table())).equals(ra.totals(table()))
    assert isinstance(ra.plot_totals(make(table())), plt.Axes)
    assert ra.report(make(table()), tmp_path / "page.html", as_of=TODAY).stat().st_size > 10_000
    assert "Miles" in ra.explore(make(table()), as_of=TODAY).html


@pytest.mark.parametrize("column", [pd.Series([1]), pl.Series([1]), pa.chunked_array([[1]]), object()], ids=type)
def test_a_column_is_not_a_frame(column):
    with pytest.raises(FrameError, match=r"takes a frame of rewards .* Load it first"):
        ra.totals(column)


@pytest.mark.parametrize("empty", [pd.DataFrame(), pl.DataFrame(), pl.LazyFrame(), pa.table({}), pd.DataFrame([[1]])])
def test_a_frame_without_columns_lacks_them(empty):
    with pytest.raises(MissingColumnError, match="Columns 'user_guid', 'member_guid'"):
        ra.totals(empty)


@pytest.mark.parametrize("name", [name for name in ASKED if not name.startswith("plot")])
def test_columns_without_rows_have_any_type(name):
    for empty in (pd.DataFrame(columns=list(FIELDS)), pl.DataFrame(schema=dict.fromkeys(FIELDS, pl.Null)).lazy()):
        assert len(computed(ASKED[name][0](empty))) == (8 if name == "quality" else 0)
