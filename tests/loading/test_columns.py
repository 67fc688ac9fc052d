"""Whole columns of Arrow: each value is what it would be alone, and each problem is that of its row."""

from datetime import UTC, date, datetime
from decimal import Decimal as D

import pyarrow as pa
import pytest
from hypothesis import given, strategies as st

import rewards_analytics as ra
from rewards_analytics.amounts import NOT_A_NUMBER, TOO_FINE, TOO_LARGE, InvalidValueError, amount
from rewards_analytics.loading.chunk import TYPES, Place
from rewards_analytics.loading.columns import numbered, plain_amounts, require_columns, typed
from rewards_analytics.loading.values import MISSING, NOT_A_DATE, NOT_A_TIME
from rewards_analytics.schema import FIELDS

MOST = 10**19 - 1


def with_column(name, array):
    """As many valid rewards as the column has rows."""
    columns = {field: pa.nulls(len(array), TYPES.field(field).type) for field in FIELDS}
    for field in ("guid", "user_guid", "member_guid", "balance_type", "unit_type"):
        columns[field] = pa.array([field] * len(array))
    columns["balance"] = pa.array([D(1)] * len(array), pa.decimal128(38, 9))
    return pa.table(columns | {name: array})


def read(name, array, **options):
    """The values of the rows that are valid, and the problem and value of each other row."""
    chunk = typed(with_column(name, array), lambda row: Place(None, row), "the frame", **options)
    assert chunk.table.schema == TYPES
    problems = {rejection.place.line: (rejection.problem, rejection.value) for rejection in chunk.rejected}
    assert {rejection.field for rejection in chunk.rejected} <= {name}
    return chunk.table[name].to_pylist(), problems


def test_a_table_without_rows_may_have_columns_without_any_array():
    empty = pa.table({name: pa.chunked_array([], kind) for name, kind in zip(TYPES.names, TYPES.types, strict=True)})

    chunk = typed(empty, lambda row: Place(None, row), "the frame")

    assert chunk.table.equals(TYPES.empty_table())
    assert chunk.rejected == []


# --- Amounts ---


def column_of(texts):
    """The texts in the middle of a longer array, as a slice has them."""
    return pa.array(["7", *texts, "8"])[1:-1]


PLAIN = ["0", "-0", "5", "-12.5", "0.000000001", "0.5", str(MOST), f"-{MOST}", "12345678.123456789", "10", "100.10"]
NOT_PLAIN = [
    "+5",
    "05",
    "-05",
    "00",
    ".5",
    "-.5",
    "5.",
    "-",
    "",
    "1e3",
    "1E3",
    "5 ",
    "1.2.3",
    "--5",
    "5-",
    "1-2",
    "1/2",
]
NOT_PLAIN += ["1:2", "0.0000000001", str(MOST + 1), f"-{MOST + 1}", "9" * 28, f"{MOST}.5", "１"]


@pytest.mark.parametrize("text", PLAIN)
def test_plain_amounts_are_read_at_once(text):
    for texts in ([text], ["1", text, "-2.5"], [text, None], [None, text]):
        assert plain_amounts(column_of(texts)).to_pylist() == [None if each is None else D(each) for each in texts]


def test_a_zero_may_stand_before_the_digits_of_the_next_amount():
    assert plain_amounts(column_of(["0", "5", "0", "-0", "7"])).to_pylist() == [D(0), D(5), D(0), D(0), D(7)]


@pytest.mark.parametrize("text", NOT_PLAIN)
def test_a_column_with_any_other_text_is_left_to_the_grammar(text):
    for texts in ([text], ["1", text, "-2.5"], [None, text], [text, text]):
        assert plain_amounts(column_of(texts)) is None


def test_a_column_of_nulls_alone_has_no_amounts():
    assert plain_amounts(pa.array([None, None], pa.string())).to_pylist() == [None, None]
    assert plain_amounts(pa.array([None, None], pa.string())).type == TYPES.field("balance").type


@given(st.lists(st.none() | st.text("0123456789.-+e", max_size=21), min_size=1, max_size=4))
def test_amounts_of_a_column_are_those_of_their_texts(texts):
    values, problems = read("balance", column_of(texts))

    expected, wrong = [], {}
    for row, text in enumerate(texts):
        try:
            if text is None:
                raise InvalidValueError(MISSING)
            expected.append(amount(text))
        except InvalidValueError as error:
            wrong[row] = (str(error), text)
    assert (values, problems) == (expected, wrong)


def test_texts_that_are_not_plain_are_read_one_by_one():
    texts = ["1", "1e3", "+5", None, "-2.5", "0.0000000001", str(MOST + 1)]

    values, problems = read("balance", column_of(texts))

    assert values == [D(1), D(1000), D("-2.5")]
    assert problems == {
        2: (NOT_A_NUMBER, "+5"),
        3: (MISSING, None),
        5: (TOO_FINE, "0.0000000001"),
        6: (TOO_LARGE, str(MOST + 1)),
    }


def test_numbers_are_read_up_to_19_digits_before_the_point():
    most = D(f"{MOST}.999999999")
    numbers = [most, -most, D(MOST + 1), D(-MOST - 1), None, D(0)]

    assert read("balance", pa.array(numbers, pa.decimal128(38, 9))) == (
        [most, -most, D(0)],
        {2: (TOO_LARGE, numbers[2]), 3: (TOO_LARGE, numbers[3]), 4: (MISSING, None)},
    )
    assert read("balance", pa.array([2**64 - 1, 0], pa.uint64())) == ([D(0)], {0: (TOO_LARGE, 2**64 - 1)})
    assert read("balance", pa.array([-(2**63), 5], pa.int64())) == ([D(-(2**63)), D(5)], {})
    assert read("balance", pa.array([5, -6], pa.int8())) == ([D(5), D(-6)], {})
    assert read("balance", pa.array([D("0.5"), None], pa.decimal128(38, 10))) == ([D("0.5")], {1: (MISSING, None)})


def test_a_decimal_of_too_many_decimals_is_an_invalid_row():
    numbers = [D("0.5"), D("0.0000000001"), None]

    assert read("balance", pa.array(numbers, pa.decimal128(38, 10))) == (
        [D("0.5")],
        {1: (TOO_FINE, numbers[1]), 2: (MISSING, None)},
    )


# --- Days and times ---


def test_days_of_texts_are_read_each_once_and_refused_by_row():
    texts = ["2026-11-23", "x", None, "2026-11-23", "2026-02-29", "x"]

    assert read("expires_on", column_of(texts)) == (
        [date(2026, 11, 23), None, date(2026, 11, 23)],
        {1: (NOT_A_DATE, "x"), 4: (NOT_A_DATE, "2026-02-29"), 5: (NOT_A_DATE, "x")},
    )
    assert read("expires_on", column_of(texts[:1])) == ([date(2026, 11, 23)], {})
    assert read("expires_on", column_of([None, None])) == ([None, None], {})


DAY = 86_400
FIRST, LAST = -719_162, 2_932_896
"""Days of 0001-01-01 and 9999-12-31 from 1970-01-01."""


@pytest.mark.parametrize(
    ("number", "expected"),
    [(FIRST, date(1, 1, 1)), (LAST, date(9999, 12, 31)), (FIRST - 1, None), (LAST + 1, None)],
)
def test_days_lie_in_the_years_1_to_9999(number, expected):
    for array in (
        pa.array([number, 0], pa.date32()),
        pa.array([number * DAY * 1000, 0], pa.date64()),
        pa.array([number * DAY, 0], pa.timestamp("s")),
        pa.array([number * DAY * 1000, 0], pa.timestamp("ms", "UTC")),
        pa.array([number * DAY * 1_000_000, 0], pa.timestamp("us", "Etc/UTC")),
    ):
        values, problems = read("expires_on", array)
        assert values == ([] if expected is None else [expected]) + [date(1970, 1, 1)]
        assert {row: problem for row, (problem, _) in problems.items()} == ({} if expected else {0: NOT_A_DATE})


def test_a_day_of_a_year_that_python_lacks_is_shown_in_iso_form():
    assert read("expires_on", pa.array([LAST + 1], pa.date32()))[1] == {0: (NOT_A_DATE, "10000-01-01")}
    assert read("expires_on", pa.array([(LAST + 1) * DAY * 1000], pa.date64()))[1] == {
        0: (NOT_A_DATE, "10000-01-01T00:00:00.000")
    }
    assert read("expires_on", pa.array([(LAST + 1) * DAY], pa.timestamp("s", "UTC")))[1] == {
        0: (NOT_A_DATE, "10000-01-01T00:00:00Z")
    }
    assert read("expires_on", pa.array([(LAST + 1) * DAY], pa.timestamp("s")))[1] == {
        0: (NOT_A_DATE, "10000-01-01T00:00:00")
    }


def test_another_time_than_midnight_is_not_a_day():
    noon = datetime(2026, 11, 23, 12)

    assert read("expires_on", pa.array([noon, datetime(2026, 11, 23), None], pa.timestamp("us"))) == (
        [date(2026, 11, 23), None],
        {0: (NOT_A_DATE, noon)},
    )


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        (FIRST * DAY, datetime(1, 1, 1, tzinfo=UTC)),
        ((LAST + 1) * DAY - 1, datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)),
        (FIRST * DAY - 1, None),
        ((LAST + 1) * DAY, None),
    ],
)
def test_times_lie_in_the_years_1_to_9999(number, expected):
    for unit, factor in (("s", 1), ("ms", 1000), ("us", 1_000_000)):
        for zone in (None, "UTC"):
            values, problems = read("created_at", pa.array([number * factor, 0], pa.timestamp(unit, zone)))
            assert values == ([] if expected is None else [expected]) + [datetime(1970, 1, 1, tzinfo=UTC)]
            assert {row: problem for row, (problem, _) in problems.items()} == ({} if expected else {0: NOT_A_TIME})


def test_times_of_any_type_are_in_utc():
    noon = datetime(2026, 11, 23, 12, tzinfo=UTC)

    assert read("created_at", pa.array([noon, None], pa.timestamp("ns", "Asia/Tokyo"))) == ([noon, None], {})
    assert read("created_at", pa.array([noon.replace(tzinfo=None)], pa.timestamp("us"))) == ([noon], {})
    assert read("created_at", pa.array([date(2026, 11, 23)], pa.date32())) == ([noon.replace(hour=0)], {})
    assert read("created_at", column_of(["2026-11-23T12:00:00Z", None])) == ([noon, None], {})
    assert read("created_at", column_of(["2026-11-23T12", "x", None, "2026-11-23T12:00:00.5+01"])) == (
        [noon, None, noon.replace(hour=11, microsecond=500_000)],
        {1: (NOT_A_TIME, "x")},
    )
    with_nanoseconds = pa.array([1_999, 0], pa.timestamp("ns"))
    assert read("created_at", with_nanoseconds)[0][0] == datetime(1970, 1, 1, microsecond=1, tzinfo=UTC)


@pytest.mark.parametrize("field", ["expires_on", "created_at"])
def test_nanoseconds_reach_from_1677_to_2262(field):
    array = pa.array([-(106_751 * DAY) * 10**9, 106_751 * DAY * 10**9], pa.timestamp("ns"))

    values, problems = read(field, array)

    assert [(value.year, value.month, value.day) for value in values] == [(1677, 9, 22), (2262, 4, 11)]
    assert problems == {}


@pytest.mark.parametrize(
    ("field", "array", "needed"),
    [
        ("expires_on", pa.array([1]), "dates, or texts like"),
        ("created_at", pa.array([1]), "timestamps, or texts like"),
        ("balance", pa.array([1.0]), "exact amounts are lost"),
        ("balance", pa.array([True]), "decimals, whole numbers or text"),
        ("guid", pa.array([1]), "text is needed"),
        ("expires_on", pa.array([0], pa.timestamp("us", "Mars/Olympus")), "time zone 'Mars/Olympus' is not known"),
    ],
)
def test_a_type_that_cannot_hold_a_field_is_refused(field, array, needed):
    with pytest.raises(ra.FrameError, match=f"Column '{field}' of the frame has the type .*{needed}"):
        read(field, array)


# --- Texts, nulls, and the values of a folder ---


@pytest.mark.parametrize(
    "array",
    [
        pa.array(["a", None, "b"], pa.string_view()),
        pa.array(["a", None, "b"], pa.large_string()),
        pa.array(["a", None, "b"]).dictionary_encode(),
        pa.DictionaryArray.from_arrays(pa.array([0, None, 1]), pa.array(["a", "b"], pa.large_string())),
        pa.RunEndEncodedArray.from_arrays(pa.array([1, 2, 3]), pa.array(["a", None, "b"])),
        pa.chunked_array([["a"], [None, "b"]]),
        pa.chunked_array([["a", None, "b"]]),
    ],
    ids=lambda array: str(array.type)[:20],
)
def test_texts_of_any_encoding_and_number_of_chunks_are_texts(array):
    assert read("description", array) == (["a", None, "b"], {})


def test_a_column_without_a_type_is_null_and_missing_where_it_is_required():
    assert read("account_guid", pa.nulls(2)) == ([None, None], {})
    assert read("user_guid", pa.nulls(2)) == ([], {0: (MISSING, None), 1: (MISSING, None)})
    assert read("user_guid", pa.array([None, "a"])) == (["a"], {0: (MISSING, None)})


def test_a_row_has_the_first_of_its_problems_and_the_others_keep_their_numbers():
    table = with_column("balance", pa.array(["x", "1", "y"]))
    table = table.set_column(1, "user_guid", pa.array([None, "U2", "U3"]))

    chunk = numbered(table, 10, name="f", label="f")

    assert [(each.place.path, each.field) for each in chunk.rejected] == [
        ("row 10", "user_guid"),
        ("row 12", "balance"),
    ]
    assert (chunk.kept.tolist(), chunk.table["user_guid"].to_pylist()) == ([1], ["U2"])
    assert numbered(table.slice(1, 1), 0, name=None, label="f").kept is None


def test_a_value_of_the_folder_fills_nulls_and_has_to_agree_with_the_others():
    given = {"unit_type": "MILES"}

    assert read("unit_type", pa.array([None, "MILES"]), given=given) == (["MILES", "MILES"], {})
    with pytest.raises(ra.SourceError, match=r"line 2: unit_type is 'POINTS', and the place of the file says 'MILES'"):
        read("unit_type", pa.array(["MILES", None, "POINTS"]), given=given)
    assert read("unit_type", pa.array(["POINTS"]), given={"unit_type": None}) == (["POINTS"], {})
    table = with_column("guid", pa.array(["a"])).drop_columns(["unit_type"])
    assert numbered(table, 0, name=None, label="f", given=given).table["unit_type"].to_pylist() == ["MILES"]


def test_a_day_of_the_folder_does_not_hide_a_bad_row():
    values, problems = read("expires_on", pa.array(["x", None]), given={"expires_on": "2026-11-23"})

    assert (values, problems) == ([date(2026, 11, 23)], {0: (NOT_A_DATE, "x")})


def test_columns_that_are_missing_or_there_twice_are_named():
    require_columns(FIELDS, "f")
    require_columns([name for name in FIELDS if name != "guid"], "f", given={"guid"})
    with pytest.raises(ra.SourceError, match="f lacks the column 'guid'; found"):
        require_columns([name for name in FIELDS if name != "guid"], "f")
    with pytest.raises(ra.SourceError, match="f lacks the columns 'guid', 'user_guid'; found"):
        require_columns(FIELDS[2:], "f")
    with pytest.raises(ra.SourceError, match="f has the column 'guid' twice"):
        require_columns([*FIELDS, "guid"], "f")
    require_columns([*FIELDS, "own", "own"], "f")
