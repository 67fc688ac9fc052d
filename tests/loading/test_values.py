"""What one value may be, and what it is worth: the same in a JSON number, a JSON text and a CSV cell."""

import re
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

import rewards_analytics as ra
from rewards_analytics.amounts import InvalidValueError
from rewards_analytics.loading.values import day, instant
from tests.loading.samples import FORMS, ndjson, reward


def only(data, field):
    """The value of a field in the one reward that the data holds."""
    (value,) = ra.load(data)[field].to_list()
    return value


def in_each_form(field, value):
    """A reward with this value, on the slow path (a line), the fast path (a hundred) and in CSV."""
    yield ndjson(reward(**{field: value}))
    yield ndjson(*(reward(number, **{field: value}) for number in range(100)))
    yield FORMS["rewards.csv"]([reward(**{field: value})])


# --- Amounts ----------------------------------------------------------------------------------------

AMOUNTS = {
    "0": "0",
    "-0": "0",
    "12.5": "12.5",
    "12.500000000000000": "12.5",
    "-0.000000001": "-0.000000001",
    "1e3": "1000",
    "1.5E+2": "150",
    "25e-1": "2.5",
    "10e-10": "0.000000001",
    "0e99": "0",
    "12345678901234567.123456789": "12345678901234567.123456789",
    "9999999999999999999.999999999": "9999999999999999999.999999999",
    "-9999999999999999999.999999999": "-9999999999999999999.999999999",
}


@pytest.mark.parametrize(("text", "value"), AMOUNTS.items())
def test_an_amount_is_exact_as_a_number_and_as_a_text(text, value):
    for data in in_each_form("balance", text):
        assert set(ra.load(data)["balance"]) == {Decimal(value)}
    as_number = ndjson(reward()).replace(b'"12.50"', text.encode())
    assert only(as_number, "balance") == Decimal(value)


NOT_NUMBERS = [
    "+5", "05", "-05", ".5", "5.", " 5", "5 ", "1,000", "1_000", "1 000", "NaN", "nan", "Infinity", "-", "e5", "1e",
    "0x10", "１２", "١", "$5", "5%", "(5)", "--5", "1.2.3", "five",
]  # fmt: skip


@pytest.mark.parametrize("text", NOT_NUMBERS)
def test_a_text_that_is_not_the_plain_form_of_a_number_is_no_amount(text):
    for data in in_each_form("balance", text):
        with pytest.raises(ra.InvalidRewardsError, match="is not a number"):
            ra.load(data)


@pytest.mark.parametrize("text", ["1e19", "10000000000000000000", "-1e19", "1" * 30, "1e400", "1e99999999999999999999"])
def test_an_amount_of_more_than_19_digits_before_the_point_is_invalid(text):
    for data in (*in_each_form("balance", text), ndjson(reward()).replace(b'"12.50"', text.encode())):
        with pytest.raises(ra.InvalidRewardsError, match="has more than 19 digits before the point"):
            ra.load(data)


@pytest.mark.parametrize("text", ["0.1234567891", "1e-10", "1.0000000001", "1e-99999999999999999999"])
def test_an_amount_of_more_than_9_decimals_is_invalid_and_never_rounded(text):
    for data in (*in_each_form("balance", text), ndjson(reward()).replace(b'"12.50"', text.encode())):
        with pytest.raises(ra.InvalidRewardsError, match="has more than 9 decimals"):
            ra.load(data)


@pytest.mark.parametrize("token", ["NaN", "Infinity", "-Infinity", "true", "[]", "{}"])
def test_a_token_of_json_that_is_no_number_is_no_amount(token):
    with pytest.raises(ra.InvalidRewardsError, match=r"balance .* is not a number"):
        ra.load(ndjson(reward()).replace(b'"12.50"', token.encode()))


def test_floats_are_refused_by_name_with_the_way_out():
    with pytest.raises(ra.FrameError, match=r"\$\[0\].balance is the float 12.5: .* Pass amounts as Decimal"):
        ra.load([reward(balance=12.5)])
    with pytest.raises(ra.FrameError, match=r"Column 'balance' of the frame has the type double: .* lost already"):
        ra.load(ra.load([reward()]).with_columns(balance=12.5))


# --- Days -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["2024-02-29", "0001-01-01", "9999-12-31"])
def test_a_day_is_a_day_of_the_calendar(text):
    for data in in_each_form("expires_on", text):
        assert set(ra.load(data)["expires_on"]) == {date.fromisoformat(text)}


MIDNIGHTS = [
    "2020-02-28T00:00:00.000Z", "2020-02-28T00:00:00", "2020-02-28 00:00:00", "2020-02-28T00:00:00.000000000",
    "2020-02-28T00:00", "2020-02-28T00:00:00-06:00", "2020-02-28T00:00:00+0900", "2020-02-28 00:00:00+14",
]  # fmt: skip


@pytest.mark.parametrize("text", MIDNIGHTS)
def test_a_midnight_is_the_day_that_its_own_zone_shows(text):
    for data in (*in_each_form("expires_on", text), [reward(expires_on=text)]):
        assert set(ra.load(data)["expires_on"]) == {date(2020, 2, 28)}


@pytest.mark.parametrize(
    "text",
    ["2026-13-01", "2026-02-29", "2026-1-1", "20260101", "01/02/2026", " 2026-01-01", "0000-01-01", "2026-01-01T",
     "2026-01-01T00:00:01", "2026-01-01T12:00:00Z", "2026-01-01 23:59:59.999", "2026-01-01T00:00:00.000000001",
     "2026-01-01T24:00:00", "2026-01-01T00:00:00+24:00", "2026-02-29T00:00:00", "0000-01-01T00:00:00Z", "NULL"],
)  # fmt: skip
def test_any_other_text_is_not_a_date(text):
    for data in (*in_each_form("expires_on", text), [reward(expires_on=text)]):
        with pytest.raises(ra.InvalidRewardsError, match=f'expires_on "{re.escape(text)}" is not a date'):
            ra.load(data)


TOKYO = timezone(timedelta(hours=9))
DENVER = ZoneInfo("America/Denver")


@pytest.mark.parametrize(
    "value",
    [date(2026, 12, 31), datetime(2026, 12, 31), datetime(2026, 12, 31, tzinfo=UTC),
     datetime(2026, 12, 31, tzinfo=TOKYO), datetime(2026, 12, 31, tzinfo=DENVER), pd.Timestamp("2026-12-31"),
     pd.Timestamp("2026-12-31", tz="Asia/Tokyo"), np.datetime64("2026-12-31"), np.datetime64("2026-12-31", "ns")],
)  # fmt: skip
def test_a_python_value_at_midnight_is_a_day(value):
    assert ra.load([reward(expires_on=value)])["expires_on"].to_list() == [date(2026, 12, 31)]
    many = [reward(number, expires_on=value) for number in range(100)]
    assert set(ra.load(many)["expires_on"]) == {date(2026, 12, 31)}


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (datetime(2026, 12, 31, 12), "2026-12-31T12:00:00"),
        (datetime(2026, 12, 31, 0, 0, 0, 1, tzinfo=TOKYO), "2026-12-31T00:00:00.000001+09:00"),
        (pd.Timestamp("2026-12-31 12:00", tz="Asia/Tokyo"), "2026-12-31T12:00:00+09:00"),
        (pd.Timestamp("2026-12-31") + pd.Timedelta(1, "ns"), "2026-12-31T00:00:00.000000001"),
        (np.datetime64("2026-12-31T12:00"), "2026-12-31T12:00"),
    ],
)
def test_another_time_of_day_is_refused_and_shown_as_it_was(value, shown):
    rejected = ra.check([reward(expires_on=value)]).rejected

    assert rejected.select("problem", "value").rows() == [("is not a date", shown)]


def with_column(name, array):
    """Two rewards with this column."""
    table = ra.load([reward(1), reward(2)], backend="pyarrow")
    return table.set_column(table.column_names.index(name), name, array)


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
@pytest.mark.parametrize("zone", [None, "UTC", "Asia/Tokyo", "America/Denver"])
def test_a_column_of_midnights_counts_by_the_days_of_its_zone(unit, zone):
    times = pa.array([datetime(2026, 12, 31), datetime(1999, 1, 1)], pa.timestamp(unit))
    times = times if zone is None else pc.assume_timezone(times, zone)

    loaded = ra.load(with_column("expires_on", times))
    assert loaded["expires_on"].to_list() == [date(2026, 12, 31), date(1999, 1, 1)]


FAR = {"s": 10**14, "ms": 2**62, "us": 2**62}


@pytest.mark.parametrize("field", ["expires_on", "created_at"])
@pytest.mark.parametrize("unit", FAR)
@pytest.mark.parametrize("zone", [None, "UTC", "Asia/Tokyo"])
def test_a_timestamp_of_a_year_that_python_lacks_is_refused_and_never_another_time(field, unit, zone):
    for number in (FAR[unit], -FAR[unit], 2**63 - 1):
        rejected = ra.check(with_column(field, pa.array([None, number], pa.timestamp(unit, zone)))).rejected
        assert rejected.select("place", "field").rows() == [("row 1", field)]


def test_the_first_and_the_last_day_are_days_in_every_zone():
    def in_zone(zone, text):
        number = int(np.datetime64(text, "s").astype(int))
        return with_column("expires_on", pa.array([number, number], pa.timestamp("s", zone)))

    assert ra.load(in_zone("Asia/Tokyo", "9999-12-30T15:00:00"))["expires_on"].to_list() == [date(9999, 12, 31)] * 2
    assert ra.load(in_zone("Etc/GMT+7", "9999-12-31T07:00:00"))["expires_on"].to_list() == [date(9999, 12, 31)] * 2
    assert ra.load(in_zone("Etc/GMT-9", "0000-12-31T15:00:00"))["expires_on"].to_list() == [date(1, 1, 1)] * 2
    for zone, text in (("Asia/Tokyo", "9999-12-31T15:00:00"), ("Etc/GMT+7", "0001-01-01T06:00:00")):
        with pytest.raises(ra.InvalidRewardsError, match=r"2 rows .*expires_on is not a date: 2"):
            ra.load(in_zone(zone, text))


INT96 = pa.array(
    [datetime(9999, 12, 31), datetime(1, 1, 1), datetime(2026, 12, 31), datetime(1600, 1, 1), None], pa.timestamp("us")
)


@pytest.mark.parametrize("engine", ["load", "polars", "duckdb", "dask", "pyspark"])
@pytest.mark.parametrize("zone", [None, "UTC"])
@pytest.mark.parametrize("stored_schema", [True, False])
def test_int96_of_parquet_is_never_another_time(engine, zone, stored_schema, tmp_path, request):
    options = {"session": request.getfixturevalue("spark")} if engine == "pyspark" else {}
    table = ra.load([reward(number) for number in range(5)], backend="pyarrow")
    for name in ("created_at", "expires_on"):
        column = INT96.cast(pa.timestamp("us", zone))
        table = table.set_column(table.column_names.index(name), name, column)
    path = tmp_path / "f.parquet"
    pq.write_table(table, path, use_deprecated_int96_timestamps=True, store_schema=stored_schema)

    loaded = ra.load(path if engine == "load" else ra.scan(path, engine=engine, **options)).sort("guid")
    assert loaded["expires_on"].to_list() == [value and value.date() for value in INT96.to_pylist()]
    assert loaded["created_at"].to_list() == [value and value.replace(tzinfo=UTC) for value in INT96.to_pylist()]
    assert ra.check(path).rejected.height == 0


# --- Times ------------------------------------------------------------------------------------------

TIMES = {
    "2020-01-28T21:09:01+0000": datetime(2020, 1, 28, 21, 9, 1, tzinfo=UTC),
    "2020-01-28T21:09:01-06:00": datetime(2020, 1, 29, 3, 9, 1, tzinfo=UTC),
    "2020-01-28T21:09:01Z": datetime(2020, 1, 28, 21, 9, 1, tzinfo=UTC),
    "2020-01-28T21:09:01": datetime(2020, 1, 28, 21, 9, 1, tzinfo=UTC),
    "2020-01-28 21:09:01+05": datetime(2020, 1, 28, 16, 9, 1, tzinfo=UTC),
    "2020-01-28T21:09:01.5Z": datetime(2020, 1, 28, 21, 9, 1, 500000, tzinfo=UTC),
    "2020-01-28T21:09:01.123456789Z": datetime(2020, 1, 28, 21, 9, 1, 123456, tzinfo=UTC),
    "2020-01-28": datetime(2020, 1, 28, tzinfo=UTC),
    "0000-12-31T23:00:00-0100": datetime(1, 1, 1, tzinfo=UTC),
}


@pytest.mark.parametrize(("text", "value"), TIMES.items())
def test_a_time_is_in_utc_whatever_its_offset(text, value):
    for data in in_each_form("created_at", text):
        assert set(ra.load(data)["created_at"]) == {value}


@pytest.mark.parametrize(
    "text",
    ["2020-01-28T24:00:00Z", "2020-01-28T21:09:60Z", "2020-02-30T00:00:00Z", "2020-01-28T21:09:01+24:00", "yesterday",
     "2020-01-28T21:09:01 Z", "0001-01-01T00:00:00+0100", "9999-12-31T23:30:00-0100", "1580245741", "28.01.2020"],
)  # fmt: skip
def test_any_other_text_is_not_a_time(text):
    for data in in_each_form("created_at", text):
        with pytest.raises(ra.InvalidRewardsError, match="is not a time"):
            ra.load(data)


EXACT_TIMES = TIMES | {
    "2020-01-28T21:09:01.000001Z": datetime(2020, 1, 28, 21, 9, 1, 1, tzinfo=UTC),
    "2020-01-28T21:09:01.0000019Z": datetime(2020, 1, 28, 21, 9, 1, 1, tzinfo=UTC),
    "2020-01-28T21:09": datetime(2020, 1, 28, 21, 9, tzinfo=UTC),
    "2020-01-28T21": datetime(2020, 1, 28, 21, tzinfo=UTC),
    "2020-01-28T21:09:01+05:45": datetime(2020, 1, 28, 15, 24, 1, tzinfo=UTC),
    "2020-01-28T21:09:01-0330": datetime(2020, 1, 29, 0, 39, 1, tzinfo=UTC),
    "2020-01-28T21:09:01+10": datetime(2020, 1, 28, 11, 9, 1, tzinfo=UTC),
    "2020-01-28T21:09:01+23:59": datetime(2020, 1, 27, 21, 10, 1, tzinfo=UTC),
    "2020-01-28T21:09:01-23:59": datetime(2020, 1, 29, 21, 8, 1, tzinfo=UTC),
    "2020-01-28T21:09:01-00:00": datetime(2020, 1, 28, 21, 9, 1, tzinfo=UTC),
    "0000-12-31T00:01:00-23:59": datetime(1, 1, 1, tzinfo=UTC),
}


@pytest.mark.parametrize(("text", "value"), EXACT_TIMES.items())
def test_a_time_read_alone_is_that_of_a_column(text, value):
    assert instant(text) == value
    assert instant(text).tzinfo is UTC


@pytest.mark.parametrize(
    "offset", ["+24:00", "-24:00", "+24:30", "+2400", "+24", "+23:60", "-0060", "+99:99", "+1", "+001"]
)
def test_an_offset_has_at_most_23_hours_and_59_minutes(offset):
    with pytest.raises(InvalidValueError, match="is not a time"):
        instant(f"2020-01-28T21:09:01{offset}")
    with pytest.raises(InvalidValueError, match="is not a date"):
        day(f"2020-01-28T00:00:00{offset}")


@pytest.mark.parametrize("text", ["0000-01-01T00:00:00Z", "0000-12-31T23:59:59Z", "0001-01-01T00:00:00+00:01"])
def test_a_time_before_the_first_year_is_not_a_time(text):
    with pytest.raises(InvalidValueError, match="is not a time"):
        instant(text)


def test_a_datetime_without_a_zone_is_in_utc():
    assert instant(datetime(2020, 1, 28, 21, 9, 1, 5)) == datetime(2020, 1, 28, 21, 9, 1, 5, tzinfo=UTC)
    assert instant(datetime(2020, 1, 28, 21, tzinfo=TOKYO)) == datetime(2020, 1, 28, 12, tzinfo=UTC)
    assert instant(datetime(2020, 1, 28, 21, tzinfo=TOKYO)).tzinfo is UTC


# --- Texts ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["", "\0", "\t\r\n", "😀", "\u2028", '"', "\\", "=1+1", "'", "  x  "])
def test_a_text_is_kept_as_it_is(text):
    for data in list(in_each_form("description", text))[:2]:
        assert set(ra.load(data)["description"]) == {text}


@pytest.mark.parametrize("value", [5, True, ["x"], {"x": 1}])
def test_a_value_of_another_json_type_is_not_text(value):
    with pytest.raises(ra.InvalidRewardsError, match=r"user_guid .* is not text"):
        ra.load(ndjson(reward(user_guid=value)))


def test_half_a_surrogate_pair_is_not_valid_unicode():
    with pytest.raises(ra.InvalidRewardsError, match=r'description "\\ud800" is not valid Unicode'):
        ra.load(ndjson(reward(description="\ud800")))
