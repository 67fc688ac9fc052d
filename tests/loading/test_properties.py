"""Whatever the rewards are: nothing is changed, nothing is lost, and a bad one is named with its place."""

import tempfile
import warnings
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

import rewards_analytics as ra
from rewards_analytics.loading.chunk import TYPES
from tests.examples import examples
from tests.loading.samples import ndjson, page, text
from tests.loading.strategies import SPOILED, in_json, records

slowly = settings(max_examples=examples(25), deadline=None, suppress_health_check=[HealthCheck.too_slow])


def typed(rewards):
    return pa.Table.from_pylist(rewards, schema=TYPES)


def numbers(rewards):
    """Rewards as JSON with the balance as a number."""
    return [{**in_json(reward), "balance": reward["balance"]} for reward in rewards]


JSON_FORMS = {
    "lines with numbers": lambda rewards: ndjson(*numbers(rewards)),
    "lines with texts": lambda rewards: ndjson(*map(in_json, rewards)),
    "lines of pages": lambda rewards: ndjson(*(page(reward) for reward in numbers(rewards))),
    "a list response": lambda rewards: text(page(*numbers(rewards))).encode(),
    "a list of pages": lambda rewards: text([page(*numbers(rewards))]).encode(),
    "a list of rewards": lambda rewards: text(numbers(rewards)).encode(),
}


@pytest.mark.parametrize("form", JSON_FORMS)
@slowly
@given(rewards=records())
def test_valid_rewards_come_out_of_json_as_they_went_in(form, rewards):
    assert ra.load(JSON_FORMS[form](rewards), backend="pyarrow").equals(typed(rewards))


@pytest.mark.parametrize("ending", ["parquet", "ndjson", "json", "csv", "csv.gz", "ndjson.zst"])
@slowly
@given(rewards=records())
def test_valid_rewards_come_out_of_a_written_file_as_they_went_in(ending, rewards):
    with tempfile.TemporaryDirectory() as folder:
        path = ra.write(typed(rewards), Path(folder) / f"rewards.{ending}")

        assert ra.load(path, backend="pyarrow").equals(typed(rewards))


@settings(slowly, max_examples=examples(80))
@given(rewards=records(), spoiled=st.sampled_from(SPOILED), data=st.data())
def test_one_bad_field_is_found_at_its_place_and_costs_no_other_row(rewards, spoiled, data):
    field, value, problem = spoiled
    bad = data.draw(st.integers(0, len(rewards) - 1))
    lines = [in_json(reward) for reward in rewards] * 12  # enough lines for the fast path, the first kept
    lines = [line | {"guid": f"{n}{line['guid']}"} for n, line in enumerate(lines)]
    expected = [reward | {"guid": f"{n}{reward['guid']}"} for n, reward in enumerate(rewards * 12)]
    lines[bad][field] = value
    del expected[bad]

    with pytest.raises(ra.InvalidRewardsError) as error:
        ra.load(ndjson(*lines))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ra.RewardsWarning)
        kept = ra.load(ndjson(*lines), on_invalid="drop", backend="pyarrow")

    assert error.value.rejected.select("place", "field", "problem").rows() == [(f"line {bad + 1}", field, problem)]
    assert kept.equals(typed(expected))
