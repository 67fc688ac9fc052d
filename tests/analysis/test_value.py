"""What balances are worth in dollars, at the rates that are given."""

from decimal import Decimal as D

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from rewards_analytics import value
from rewards_analytics.errors import ArgumentError, FrameError, MissingColumnError, RewardsWarning, SourceError
from tests import frames
from tests.frames import balance, lot, to_level, total

MILES = frames.polars_frame(frames.table([balance("MILES", "100")]))


def test_a_balance_is_worth_its_amount_times_the_rate_of_its_unit(make_frame, assert_rows):
    rewards = make_frame(
        total("MILES", "1500", account_guid=None),
        balance("MILES", "1500", account_guid=None),
        lot("MILES", "200", on="2027-01-31", account_guid=None),
        balance("POINTS", "7"),
    )

    assert_rows(
        value(rewards, {"MILES": "0.0125"}),
        [
            ("MILES", D(1500), D("0.0125"), D("18.75"), D(200), D("2.5")),
            ("POINTS", D(7), None, None, D(0), None),
        ],
    )


def test_a_dollar_is_worth_a_dollar_unless_told_otherwise(make_frame, assert_rows):
    rewards = make_frame(balance("DOLLARS", "12.34"))

    assert_rows(value(rewards, {}), [("DOLLARS", D("12.34"), D(1), D("12.34"), D(0), D(0))])
    assert_rows(value(rewards, {"DOLLARS": D("0.5")}), [("DOLLARS", D("12.34"), D("0.5"), D("6.17"), D(0), D(0))])


def test_the_rate_of_a_member_wins_over_that_of_its_unit(make_frame, assert_rows):
    rewards = make_frame(
        balance("MILES", "100"),
        balance("MILES", "10", account_guid=None),
        lot("MILES", "40", on="2027-01-31"),
        balance("MILES", "1000", member_guid="M2"),
        balance("POINTS", "5", member_guid="M2"),
        balance("POINTS", "3", member_guid="M3"),
    )
    rates = pl.DataFrame(
        {
            "member_guid": [None, "M1", None, "M2", "M3"],
            "unit_type": ["MILES", "MILES", "POINTS", "POINTS", "POINTS"],
            "rate": ["0.01", "0.02", "9", "2", "2.0"],
        }
    )

    # 110 x 0.02 + 1000 x 0.01, and 40 x 0.02; the members with points have one rate.
    assert_rows(
        value(rewards, rates),
        [("MILES", D(1110), None, D("12.2"), D(40), D("0.8")), ("POINTS", D(8), D(2), D(16), D(0), D(0))],
    )


def test_what_has_no_rate_or_no_known_balance_adds_nothing(make_frame, assert_rows):
    rewards = make_frame(
        balance("MILES", "100"),
        balance("MILES", "10", member_guid="M2"),
        lot("MILES", "4", on="2027-01-31", member_guid="M3"),
        lot("POINTS", "6"),
        to_level("SEGMENTS", "5"),
    )
    rates = pl.DataFrame(
        {"unit_type": ["MILES", "MILES", "POINTS"], "rate": [1, 1, 2], "member_guid": ["M2", "M3", None]}
    )

    assert_rows(
        value(rewards, rates),
        [
            ("MILES", D(110), None, D(10), D(4), D(4)),
            ("POINTS", None, D(2), None, D(6), D(12)),
            ("SEGMENTS", None, None, None, D(0), None),
        ],
    )


def test_products_are_exact_and_rounded_once_half_to_even(make_frame, assert_rows):
    rewards = make_frame(
        balance("MILES", "0.000000001"),
        balance("MILES", "0.000000001", member_guid="M2"),
        balance("POINTS", "0.000000003"),
        balance("STARS", "9999999999999999999.999999999"),
    )
    rates = pl.DataFrame(
        {
            "unit_type": ["MILES", "MILES", "POINTS", "STARS"],
            "rate": ["0.5", "0.4", "0.5", "0.987654321"],
            "member_guid": [None, "M2", None, None],
        }
    )

    # Of a billionth: 0.5 + 0.4 is 1 and not 0 + 0, and 1.5 is 2; a product of 37 digits loses its last 9 alone.
    assert_rows(
        value(rewards, rates),
        [
            ("MILES", D("0.000000002"), None, D("0.000000001"), D(0), D(0)),
            ("POINTS", D("0.000000003"), D("0.5"), D("0.000000002"), D(0), D(0)),
            (
                "STARS",
                D("9999999999999999999.999999999"),
                D("0.987654321"),
                D("9876543209999999999.999999999"),
                D(0),
                D(0),
            ),
        ],
    )


def test_no_rewards_have_no_value(make_frame, assert_rows):
    assert_rows(value(make_frame(), {"MILES": 1}), [])


def test_debts_are_worth_less_than_nothing():
    rewards = frames.polars_frame(frames.table([balance("MILES", "-100")]))

    assert value(rewards, {"MILES": "0.01"})["value"].to_list() == [D("-1")]


def test_a_value_beyond_the_digits_of_an_amount_is_refused():
    rewards = frames.polars_frame(frames.table([balance("MILES", "1" + "0" * 18)]))

    with pytest.raises(
        ArgumentError, match=r"value of 'MILES', \$1000.*more than 29 digits.*A rate is in dollars a unit"
    ):
        value(rewards, {"MILES": 10**18})


def test_a_value_of_29_digits_before_the_point_is_exact():
    def worth(amount):
        return value(frames.polars_frame(frames.table([balance("MILES", amount)])), {"MILES": 10**14})["value"].item()

    assert worth("9" * 15 + ".999999999") == D("9" * 15 + ".999999999") * 10**14
    with pytest.raises(ArgumentError, match=r"\$1" + "0" * 29):
        worth(1000000000000000)


# --- The forms of rates -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "kind", ["polars_frame", "polars_lazy", "pandas_arrow", "pyarrow_table", "duckdb_relation", "dask_frame"]
)
def test_rates_come_in_any_kind_of_frame(kind):
    exact = pa.array([D("0.0125")], pa.decimal128(38, 9))
    rates = pa.table({"unit_type": ["MILES"], "rate": exact, "member_guid": pa.nulls(1, pa.string())})

    assert value(MILES, getattr(frames, kind)(rates))["value"].to_list() == [D("1.25")]


def test_rates_come_in_a_pandas_frame_of_objects():
    rates = pd.DataFrame({"unit_type": ["MILES"], "rate": [D("0.0125")], "member_guid": [None]}, dtype=object)

    assert value(MILES, rates)["value"].to_list() == [D("1.25")]


def test_rates_come_in_a_pandas_frame_as_pandas_makes_it():
    rates = pd.DataFrame({"unit_type": ["MILES", "MILES"], "rate": [1, 2], "member_guid": [None, "M1"]})

    assert value(MILES, rates)["value"].to_list() == [D(200)]
    assert value(MILES, {"MILES": rates["rate"].to_numpy()[1]})["value"].to_list() == [D(200)]


def test_rates_come_in_a_file(tmp_path):
    file = tmp_path / "rates.csv"
    file.write_text(
        '﻿unit_type, rate, member_guid, note\nMILES, 0.01,,"all, so far"\n\nMILES, 2e-2, M1,\n', encoding="utf-8"
    )

    assert value(MILES, file)["value"].to_list() == [D(2)]
    assert value(MILES, str(file))["rate"].to_list() == [D("0.02")]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("MILES,-0.01,", r"rates\.csv:3: the rate of 'MILES', -0\.01, is not a number at or above 0"),
        ('MILES,"0,01",', r"rates\.csv:3: the rate of 'MILES', '0,01', is not a number\. Write dollars a unit"),
        ("MILES,,M1", r"rates\.csv:3: the rate of 'MILES' of member 'M1', '', is not a number"),
        ("MILES,05,", r"rates\.csv:3: .*'05', is not a number"),
        ("MILES,nan,", r"rates\.csv:3: .*'nan', is not a number"),
        ("MILES,0.0000000001,", r"rates\.csv:3: .* has more than 19 digits before the point or 9 after it"),
        ("MILES,1234567890123456789.1234567891,", r"rates\.csv:3: .* digits before the point or 9 after it"),
        ("MILES,1e19,", r"rates\.csv:3: .*, 1e19, has more than 19 digits before the point"),
        ("POINTS,0.02,", r"rates\.csv:3: the rate of 'POINTS' is given twice, first in .*rates\.csv:2\. Leave one"),
        (",0.02,", r"rates\.csv:3: unit_type '' is not the name of a unit"),
        ("MILES,0.01", r"rates\.csv:3 has 2 cells where the header has 3"),
        ("MILES,0,01,", r"rates\.csv:3 has 4 cells where the header has 3\. Quote .* write decimals with a point"),
        ('MILES,"0.01', r"rates\.csv:3 has 2 cells where the header has 3"),
    ],
)
def test_a_wrong_line_of_a_file_is_named_with_what_is_wrong(tmp_path, line, said):
    file = tmp_path / "rates.csv"
    file.write_text(f"unit_type,rate,member_guid\nPOINTS,0.01,\n{line}\n")

    with pytest.raises(SourceError, match=said):
        value(MILES, file)


def test_a_file_that_cannot_be_read_is_named(tmp_path):
    with pytest.raises(SourceError, match=r"Cannot read the rates in .*absent\.csv: No such file"):
        value(MILES, tmp_path / "absent.csv")
    (tmp_path / "rates.csv").write_text("unit,rate\nMILES,0.01\n")
    with pytest.raises(
        SourceError, match=r"rates\.csv has no column 'unit_type'; found \['unit', 'rate'\]\. Rates are"
    ):
        value(MILES, tmp_path / "rates.csv")


RATES = "unit_type,rate\nMILES,0.0125\n"


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (RATES.encode("utf-16"), r"rates\.csv is written in UTF-16\. Save it in UTF-8"),
        (RATES.encode("utf-16-le"), r"rates\.csv is written in UTF-16\. Save it in UTF-8"),
        (RATES.encode("utf-32"), r"rates\.csv is written in UTF-32\. Save it in UTF-8"),
        (b"unit_type;rate\nMILES;0,0125\n", r"rates\.csv is separated by ';'\. Save it as CSV separated by commas"),
        (b"unit_type\trate\nMILES\t0.0125\n", r"rates\.csv is separated by .*t"),
        (b"PK\x03\x04 and so on", r"rates\.csv is a zip archive, as an Excel workbook"),
        (b"unit_type,rate\nMILES,0.0125\nPUNKT\xc4,1\n", r"rates\.csv, line 3, column 6: the byte 0xC4 is not UTF-8"),
    ],
)
def test_a_file_of_rates_is_refused_in_the_words_for_files_of_rewards(tmp_path, raw, said):
    (tmp_path / "rates.csv").write_bytes(raw)

    with pytest.raises(SourceError, match=said):
        value(MILES, tmp_path / "rates.csv")


@pytest.mark.parametrize("text", ["sep=,\r\n" + RATES, RATES + ",\n,\n", "\n,\n" + RATES, RATES.replace("\n", "\r\n")])
def test_what_a_spreadsheet_adds_to_a_file_of_rates_is_passed_over(tmp_path, text):
    (tmp_path / "rates.csv").write_bytes(text.encode())

    assert value(MILES, tmp_path / "rates.csv")["value"].to_list() == [D("1.25")]


# --- Rates that fit nothing -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rates", "said"),
    [
        ({"miles": 1}, r"A rate fits no reward: 'miles' \(did you mean 'MILES'\?\)\. The units .* are 'MILES'\."),
        ({"MILES ": 1}, r"A rate fits no reward: 'MILES ' \(did you mean 'MILES'\?\)"),
        ({"MILE": 1, "POINTS": 2}, r"2 rates fit no reward: 'MILE' \(did you mean 'MILES'\?\), 'POINTS'\."),
        ({"DOLLARS": 2}, r"A rate fits no reward: 'DOLLARS'\."),
        ({str(number): 1 for number in range(5)}, r"5 rates fit no reward: '0', '1', '2', '3', '4'\. The units"),
        ({str(number): 1 for number in range(7)}, r"7 rates fit no reward: '0', '1', '2', '3', '4' and 2 more\."),
    ],
)
def test_a_rate_that_fits_nothing_is_warned_of_with_the_nearest_unit(rates, said):
    with pytest.warns(RewardsWarning, match=said):
        assert value(MILES, rates)["value"].to_list() == [None]


def test_the_rate_of_a_member_who_holds_nothing_in_the_unit_is_warned_of(make_frame, assert_rows):
    rates = pl.DataFrame({"unit_type": ["MILES", "MILES"], "rate": [1, 2], "member_guid": ["M1", "M9"]})

    with pytest.warns(RewardsWarning, match=r"A rate fits no reward: 'MILES' of member 'M9'\."):
        assert_rows(value(make_frame(balance("MILES", "7")), rates), [(D(7),)], ["value"])


def test_rates_that_are_all_used_and_rates_without_rewards_warn_of_nothing(recwarn):
    value(MILES, {"MILES": 1})
    value(MILES.clear(), {"MILES": 1})

    assert not recwarn


@pytest.mark.parametrize("rates", [{"MILES": 0.01}, pd.DataFrame({"unit_type": ["MILES"], "rate": [0.01]})])
def test_a_float_is_refused_as_an_amount_is(rates):
    with pytest.raises(FrameError, match=r"the rate of 'MILES' is the float 0\.01: its exact amount is lost"):
        value(MILES, rates)


@pytest.mark.parametrize("rate", [None, True, "", "1_000", "½", D("nan"), D("-1"), -1, "1e-10"])
def test_what_is_no_rate_is_refused(rate):
    with pytest.raises(ArgumentError, match=r"rates\['MILES'\]: the rate of 'MILES', "):
        value(MILES, {"MILES": rate})


def test_a_rate_given_twice_in_a_frame_is_named():
    rates = pl.DataFrame({"unit_type": ["MILES"] * 3, "rate": [1, 2, 2], "member_guid": [None, "M1", "M1"]})

    with pytest.raises(
        ArgumentError, match=r"row 2 of rates: the rate of 'MILES' of member 'M1' is given twice, first in row 1"
    ):
        value(MILES, rates)


def test_rates_of_another_form_are_told_what_they_can_be():
    with pytest.raises(
        ArgumentError, match=r"rates is of type list\. Rates are a mapping of unit to dollars a unit, a frame, or"
    ):
        value(MILES, [("MILES", 1)])
    with pytest.raises(MissingColumnError, match=r"rates has no column 'rate'; found \['unit_type', 'price'\]"):
        value(MILES, pl.DataFrame({"unit_type": ["MILES"], "price": [1]}))
    with pytest.raises(ArgumentError, match=r"unit_type 3 is not the name of a unit"):
        value(MILES, {3: 1})


def test_the_rate_of_a_member_for_a_misspelt_unit_names_the_nearest_unit():
    rates = pl.DataFrame({"unit_type": ["MILE"], "rate": ["1"], "member_guid": ["M1"]})

    with pytest.warns(RewardsWarning, match=r"'MILE' of member 'M1' \(did you mean 'MILES'\?\)"):
        value(MILES, rates)


def test_the_warning_points_at_the_call():
    with pytest.warns(RewardsWarning) as caught:
        value(MILES, {"STARS": 1})

    assert [warning.filename for warning in caught] == [__file__]


def test_what_is_worth_nothing_has_the_value_0(make_frame, assert_rows):
    rewards = make_frame(balance("MILES", "100"))

    assert_rows(value(rewards, {"MILES": 0}), [("MILES", D(0), D(0))], ["unit_type", "rate", "value"])


def test_a_file_without_both_columns_lacks_the_first(tmp_path):
    path = tmp_path / "rates.csv"
    path.write_text("unit,price\nMILES,1\n")

    with pytest.raises(SourceError, match=r"rates\.csv has no column 'unit_type'; found \['unit', 'price'\]"):
        value(MILES, path)
