"""Rows that are not valid rewards: which, where, why, and what becomes of the others."""

import gzip
import warnings
from datetime import datetime
from pathlib import Path

import polars as pl
import pyarrow as pa
import pytest

import rewards_analytics as ra
from tests.loading.samples import FORMS, ndjson, page, reward, table, text


@pytest.fixture
def in_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def rejected(source):
    """The rows that `load` refuses: place, field, problem, value."""
    with pytest.raises(ra.InvalidRewardsError) as error:
        ra.load(source)
    return error.value.rejected.rows()


def test_the_message_gives_the_count_the_reasons_and_the_first_rows_with_their_places(in_folder):
    Path("export").mkdir()
    rewards = [reward(n) for n in range(100)]
    rewards[6]["balance"] = "12,50"
    for n in range(16, 24):
        rewards[n]["expires_on"] = "2026-13-01"
    Path("export/part-07.ndjson.gz").write_bytes(gzip.compress(ndjson(*rewards)))

    with pytest.raises(ra.InvalidRewardsError) as error:
        ra.load("export")

    assert str(error.value) == (
        "9 rows are not valid rewards (expires_on is not a date: 8; balance is not a number: 1).\n"
        '  export/part-07.ndjson.gz:7: balance "12,50" is not a number\n'
        '  export/part-07.ndjson.gz:17: expires_on "2026-13-01" is not a date\n'
        '  export/part-07.ndjson.gz:18: expires_on "2026-13-01" is not a date\n'
        '  export/part-07.ndjson.gz:19: expires_on "2026-13-01" is not a date\n'
        '  export/part-07.ndjson.gz:20: expires_on "2026-13-01" is not a date\n'
        "  … and 4 more\n"
        'Correct the source, or load with on_invalid="drop" to leave these rows out.'
    )
    assert error.value.rejected.height == 9


def test_dropping_leaves_the_bad_rows_out_with_one_warning():
    lines = ndjson(reward(1), reward(2, balance=None), reward(3))

    with pytest.warns(ra.RewardsWarning, match=r"1 row is not a valid reward \(balance is missing: 1\)") as caught:
        loaded = ra.load(lines, on_invalid="drop")

    assert loaded["guid"].to_list() == ["RWD-1", "RWD-3"]
    assert len(caught) == 1
    assert caught[0].filename == __file__


PLACES = {
    "f.ndjson": (ndjson(reward(1), reward(2, balance="x")), "f.ndjson:2"),
    "blank.ndjson": (ndjson(reward(1)) + b"\n\n" + ndjson(reward(2, balance="x")), "blank.ndjson:4"),
    "pages.ndjson": (ndjson(page(reward(1)), page(reward(2, balance="x"))), "pages.ndjson:2:$.rewards[0].balance"),
    "list.json": (text(page(reward(1), reward(2, balance="x"))).encode(), "list.json:$.rewards[1].balance"),
    "array.json": (text([reward(1), reward(2, balance="x")]).encode(), "array.json:$[1].balance"),
    "pages.json": (text([page(), page(reward(2, balance="x"))]).encode(), "pages.json:$[1].rewards[0].balance"),
    "one.json": (text({"reward": reward(balance="x")}).encode(), "one.json:$.reward.balance"),
    "f.csv": (FORMS["rewards.csv"]([reward(1, description="a\nb"), reward(2, balance="x")]), "f.csv:4"),
}  # fmt: skip


@pytest.mark.parametrize("name", PLACES)
def test_a_place_leads_to_the_line_or_to_the_json_path(name, in_folder):
    data, place = PLACES[name]
    Path(name).write_bytes(data)

    assert rejected(name) == [(place, "balance", "is not a number", "x")]


def test_the_place_in_a_frame_and_in_parquet_is_the_row_counted_from_0(in_folder):
    rewards = ra.load([reward(1), reward(2)]).with_columns(balance=pl.Series(["1", "x"]))
    rewards.write_parquet("f.parquet")

    assert rejected(rewards) == [("row 1", "balance", "is not a number", "x")]
    assert rejected("f.parquet") == [("f.parquet:row 1", "balance", "is not a number", "x")]


def test_the_place_without_a_name_is_the_line_or_the_element():
    assert rejected(ndjson(reward(1), reward(2, balance="x")))[0][0] == "line 2"
    assert rejected([reward(1), reward(2, balance="x")])[0][0] == "$[1].balance"


@pytest.mark.parametrize("field", ["guid", "user_guid", "member_guid", "balance_type", "unit_type", "balance"])
@pytest.mark.parametrize("value", [None, ...])
def test_a_required_field_that_is_null_or_not_there_is_missing(field, value):
    lines = ndjson(reward(1), reward(2, **{field: value}), *(reward(n) for n in range(3, 60)))

    assert rejected(lines) == [("line 2", field, "is missing", None)]


@pytest.mark.parametrize("field", ["account_guid", "expires_on", "created_at", "description"])
def test_any_other_field_may_be_null_or_not_there(field):
    for value in (None, ...):
        assert ra.load(ndjson(reward(**{field: value})))[field].to_list() == [None]


def test_a_line_that_is_not_json_is_an_invalid_row():
    lines = ndjson(reward(1)) + b'{"guid": \n' + ndjson(reward(2)) + b'null\n["x"]\n' + ndjson(reward(3))[:-3]

    assert rejected(lines) == [
        ("line 2", None, "is not JSON", '{"guid":'),
        ("line 4", None, "is not an object", None),
        ("line 5", None, "is not an object", "['x']"),
        ("line 6", None, "is not JSON", ANY_TEXT),
    ]


def test_two_values_on_one_line_or_one_on_two_are_not_json():
    whole = ndjson(reward(1)).strip()
    one, two = whole + whole, whole.replace(b", ", b",\n", 1)

    assert [row[:3] for row in rejected(ndjson(reward(2)) + one)] == [("line 2", None, "is not JSON")]
    assert [row[:3] for row in rejected(ndjson(reward(2)) + two)] == [
        ("line 2", None, "is not JSON"),
        ("line 3", None, "is not JSON"),
    ]


def test_a_key_given_twice_with_different_values_is_invalid_and_with_the_same_is_not():
    line = text(reward())
    twice, same = line[:-1] + ', "balance": "2"}', line[:-1] + ', "balance": "12.50"}'

    assert rejected(ndjson(reward(2)) + twice.encode()) == [
        ("line 2", "balance", "is given twice with different values", "2")
    ]
    assert ra.load(ndjson(reward(2)) + same.encode()).height == 2


def test_nul_bytes_spoil_only_their_line():
    lines = ndjson(reward(1)) + b"\0\0\0\n" + ndjson(reward(2)).replace(b"Miles", b"\0") + ndjson(reward(3))

    assert [row[:3] for row in rejected(lines)] == [("line 2", None, "is not JSON"), ("line 3", None, "is not JSON")]


def test_deep_nesting_spoils_only_its_line():
    deep = b'{"guid": ' + b"[" * 200_000 + b"]" * 200_000 + b"}\n"

    (row,) = rejected(ndjson(reward(1)) + deep + ndjson(reward(2)))

    assert row[0] == "line 2"


def test_a_record_of_csv_with_too_few_cells_is_an_invalid_row():
    data = FORMS["rewards.csv"]([reward(1), reward(2)]) + b"RWD-3,USR-1\n" + b"\n"

    assert rejected(data) == [("line 4", None, "has 2 cells where the header has 10", "RWD-3,USR-1")]


def test_a_required_field_that_is_missing_everywhere_is_one_short_error():
    with pytest.raises(ra.InvalidRewardsError, match=r"20,000 rows .* \(guid is missing: 20,000\)") as error:
        ra.load(ndjson(*(reward(n, guid=...) for n in range(20_000))))

    assert len(str(error.value)) < 500


# --- The value of a rejected row --------------------------------------------------------------------


@pytest.mark.parametrize("form", [*(form for form in FORMS if form != "rewards.parquet"), "dicts"])
@pytest.mark.parametrize("time", ["9999-12-31T23:59:59-06:00", "0001-01-01T00:00:00+01:00"])
def test_a_time_that_utc_cannot_hold_is_shown_as_it_was_written(form, time):
    rewards = [reward(1), reward(2, created_at=time), *(reward(number) for number in range(3, 40))]

    (row,) = rejected(rewards if form == "dicts" else FORMS[form](rewards))

    assert row[1:] == ("created_at", "is not a time", time)


def test_a_timestamp_of_a_frame_is_shown_in_iso_form():
    rewards = table([reward(1), reward(2)])
    late = pa.array([0, 253_402_300_800_000_000], pa.timestamp("us", "UTC"))
    days = pa.array([0, 10_000_000], pa.date32())
    noon = pa.array([datetime(2027, 1, 31), datetime(2027, 1, 31, 12)], pa.timestamp("us"))

    assert rejected(rewards.set_column(8, "created_at", late)) == [
        ("row 1", "created_at", "is not a time", "10000-01-01T00:00:00.000000Z")
    ]
    assert rejected(rewards.set_column(7, "expires_on", days)) == [
        ("row 1", "expires_on", "is not a date", "29349-01-26")
    ]
    assert rejected(rewards.set_column(7, "expires_on", noon)) == [
        ("row 1", "expires_on", "is not a date", "2027-01-31T12:00:00")
    ]


def test_a_number_is_shown_with_the_digits_that_it_had():
    lines = ndjson(reward(1)) + ndjson(reward(2)).replace(b'"12.50"', b"1.00000000010E2000")

    assert rejected(lines) == [("line 2", "balance", "has more than 19 digits before the point", "1.00000000010E2000")]


def test_an_integer_of_thousands_of_digits_is_rejected_in_a_short_message():
    with pytest.raises(ra.InvalidRewardsError, match=r"balance of type int, too long to show has more than 19 digits"):
        ra.load([reward(1, balance=10**5000)])


# --- Repeats ----------------------------------------------------------------------------------------


def test_exact_repeats_are_kept_once_at_the_first_place():
    lines = ndjson(reward(1), reward(2), reward(1), reward(3), reward(1))

    assert ra.load(lines)["guid"].to_list() == ["RWD-1", "RWD-2", "RWD-3"]
    assert ra.check(lines).duplicates == 2


def test_contents_compare_as_typed_values():
    same = reward(balance="12.5", created_at="2020-01-28T21:09:01Z")

    assert ra.load(ndjson(reward(), same)).height == 1


def test_all_rows_of_a_guid_with_two_contents_are_invalid(in_folder):
    Path("a.ndjson").write_bytes(ndjson(reward(1), reward(2), reward(1)))
    Path("b.ndjson").write_bytes(ndjson(reward(3), reward(1, balance="7")))
    problem = "is given twice with different contents"

    assert rejected(["a.ndjson", "b.ndjson"]) == [
        ("a.ndjson:1", "guid", problem, "RWD-1"),
        ("a.ndjson:3", "guid", problem, "RWD-1"),
        ("b.ndjson:2", "guid", problem, "RWD-1"),
    ]


# --- Values that are not documented -----------------------------------------------------------------


def test_unknown_enumerated_values_are_kept_with_a_warning_that_names_them():
    lines = ndjson(reward(1, unit_type="STARS"), reward(2, unit_type="STARS"), reward(3, balance_type="PENDING"))

    with pytest.warns(ra.RewardsWarning) as caught:
        loaded = ra.load(lines)

    assert loaded["unit_type"].to_list() == ["STARS", "STARS", "MILES"]
    assert [str(warning.message) for warning in caught] == [
        "Values that are not documented: balance_type 'PENDING' (1), unit_type 'STARS' (2). The rows are kept."
    ]


def test_valid_rewards_load_without_a_warning():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert ra.load(ndjson(reward()), backend="pyarrow").equals(table([reward()]))


class _AnyText:
    def __eq__(self, other):
        return isinstance(other, str)

    __hash__ = None


ANY_TEXT = _AnyText()
