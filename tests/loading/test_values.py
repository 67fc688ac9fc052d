"""What one value may be, and what it is worth: the same in a JSON number, a JSON text and a CSV cell."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

import rewards_analytics as ra
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


@pytest.mark.parametrize(
    "text",
    [
        "2026-13-01",
        "2026-02-29",
        "2026-1-1",
        "20260101",
        "01/02/2026",
        "2026-01-01T00:00:00",
        " 2026-01-01",
        "0000-01-01",
    ],
)
def test_any_other_text_is_not_a_date(text):
    for data in in_each_form("expires_on", text):
        with pytest.raises(ra.InvalidRewardsError, match=f'expires_on "{text}" is not a date'):
            ra.load(data)


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
