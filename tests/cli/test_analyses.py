"""The analysis commands: exact results in four formats, on standard output or in a file."""

import io
import json
import subprocess
import sys
from datetime import date
from decimal import Decimal

import openpyxl
import polars as pl
import pytest

import rewards_analytics as ra
from rewards_analytics.cli.results import readable

BIG = {
    "guid": "RWD-1",
    "user_guid": "USR-1",
    "member_guid": "MBR-1",
    "account_guid": None,
    "balance_type": "BALANCE",
    "unit_type": "MILES",
    "expires_on": "2026-12-24",
    "description": "=HYPERLINK(1)",
}
BIG_TEXT = json.dumps(BIG)[:-1] + ', "balance": 12345678901234567.123456789}'


def test_json_is_a_list_of_objects_with_exact_amounts_as_strings(run):
    ended = run("totals", "-", "--format", "json", stdin=BIG_TEXT.encode())

    assert ended.status == 0
    assert ended.err == ""
    assert json.loads(ended.out) == [
        {
            "unit_type": "MILES",
            "available": "12345678901234567.123456789",
            "expiring": "12345678901234567.123456789",
            "holdings": 1,
            "members": 1,
            "users": 1,
        }
    ]


def test_value_reads_its_rates_from_a_file(run, tmp_path):
    (tmp_path / "rates.csv").write_text("unit_type,rate\nMILES,0.01\n")

    ended = run("value", "-", "--rates", tmp_path / "rates.csv", "--format", "csv", stdin=BIG_TEXT.encode())

    assert ended.out.splitlines() == [
        "unit_type,available,rate,value,expiring,expiring_value",
        "MILES,12345678901234567.123456789,0.010000000,123456789012345.671234568,"
        "12345678901234567.123456789,123456789012345.671234568",
    ]


def test_the_report_equals_that_of_the_function(run, rewards_json, tmp_path):
    (tmp_path / "rates.csv").write_text("unit_type,rate\nMILES,0.01\n")
    options = ("--as-of", "2026-11-23", "--title", "Q4 & more", "--rates", tmp_path / "rates.csv")

    ended = run("report", rewards_json, "--out", tmp_path / "r.html", *options)

    assert ended.out == f"{tmp_path / 'r.html'}\n"
    expected = ra.report(
        ra.load(rewards_json),
        tmp_path / "expected.html",
        as_of=date(2026, 11, 23),
        title="Q4 & more",
        rates={"MILES": Decimal("0.01")},
    )
    assert (tmp_path / "r.html").read_bytes() == expected.read_bytes()


def test_csv_has_a_header_and_exact_amounts(run):
    ended = run("aging", "-", "--as-of", "2026-11-23", "--format", "csv", stdin=BIG_TEXT.encode())

    assert ended.out.splitlines()[:3] == [
        "bucket,unit_type,expiring,rewards",
        "expired,MILES,0.000000000,0",
        "0-30,MILES,0.000000000,0",
    ]
    assert "31-60,MILES,12345678901234567.123456789,1" in ended.out


def test_csv_guards_a_description_that_a_spreadsheet_would_run(run):
    goal = BIG | {"balance_type": "BALANCE_TO_LEVEL", "balance": 5}

    ended = run("distance", "-", "--format", "csv", stdin=json.dumps(goal).encode())

    assert "'=HYPERLINK(1)" in ended.out


def test_parquet_goes_to_a_file_with_the_types_of_the_result(run, rewards_json, tmp_path):
    ended = run(
        "expiring", rewards_json, "--as-of", "2026-11-23", "--every", "quarter", "--out", tmp_path / "e.parquet"
    )

    assert ended.status == 0
    assert ended.out == ""
    expected = ra.expiring(ra.load(rewards_json), as_of=date(2026, 11, 23), every="quarter")
    assert pl.read_parquet(tmp_path / "e.parquet").equals(expected)


def test_a_workbook_has_the_numbers_of_the_result(run, rewards_json, tmp_path):
    assert run("totals", rewards_json, "--out", tmp_path / "totals.xlsx").status == 0
    sheet = openpyxl.load_workbook(tmp_path / "totals.xlsx").active
    assert [[cell.value for cell in row[:3]] for row in sheet.iter_rows()] == [
        ["unit_type", "available", "expiring"],
        ["DOLLARS", 2438.5, 0],
        ["MILES", 170834, 134079],
        ["POINTS", 770479, 384640],
        ["SEGMENTS", 135, 0],
    ]


def test_parquet_can_be_piped(rewards_json):
    command = [sys.executable, "-m", "rewards_analytics", "holdings", str(rewards_json), "--format", "parquet"]

    ended = subprocess.run(command, capture_output=True, check=True)

    assert pl.read_parquet(io.BytesIO(ended.stdout)).equals(ra.holdings(ra.load(rewards_json)))


def test_the_table_shows_every_digit_with_separators(run):
    ended = run("totals", "-", stdin=BIG_TEXT.encode())

    assert "12,345,678,901,234,567.123456789" in ended.out


@pytest.mark.parametrize("command", ["balances", "holdings", "totals", "expiring", "aging", "distance", "quality"])
def test_every_analysis_prints_as_many_rows_as_its_function_returns(run, rewards_json, command):
    result = getattr(ra, command)(ra.load(rewards_json))

    ended = run(command, rewards_json, "--format", "json")

    assert ended.status == 0
    rows = json.loads(ended.out)
    assert len(rows) == len(result)
    assert list(rows[0]) == result.columns


def test_by_may_be_given_more_than_once(run, rewards_json):
    ended = run("totals", rewards_json, "--by", "user_guid", "--by", "member_guid", "--format", "csv")

    assert ended.out.startswith("user_guid,member_guid,unit_type,available,")


def test_until_bounds_the_timeline(run, rewards_json):
    arguments = ("--as-of", "2026-11-23", "--until", "2026-12-31", "--format", "json")

    periods = {row["period"] for row in json.loads(run("expiring", rewards_json, *arguments).out)}

    assert periods == {"2026-11-01", "2026-12-01"}


def test_amounts_in_json_read_back_as_the_same_decimals(run, rewards_json):
    rows = json.loads(run("holdings", rewards_json, "--format", "json").out)

    assert [Decimal(row["expiring"]) for row in rows] == ra.holdings(ra.load(rewards_json))["expiring"].to_list()


def test_a_table_has_numbers_on_the_right_every_digit_and_a_dash_for_null():
    table = readable(ra.holdings(ra.load(BIG_TEXT.encode())), {"account_guid": "Account", "available": "Available"})

    assert table.splitlines() == [
        "Account                         Available",
        "-------  --------------------------------",
        "–        12,345,678,901,234,567.123456789",
    ]


def test_a_narrow_terminal_folds_text_and_never_cuts_a_number():
    rewards = ra.load(json.dumps(BIG | {"balance": "12345.5", "user_guid": "USR-" + "7" * 20}).encode())

    table = readable(ra.totals(rewards, by="user_guid"), {"user_guid": "User", "available": "Available"}, width=25)

    assert table.splitlines() == [
        "User            Available",
        "--------------  ---------",
        "USR-7777777777   12,345.5",
        "7777777777",
    ]


def test_text_of_the_provider_cannot_move_the_cursor():
    goal = BIG | {"balance_type": "BALANCE_TO_LEVEL", "balance": 5, "description": "Gold\x1b[2J\nstatus"}

    table = readable(ra.distance(ra.load(json.dumps(goal).encode())), {"description": "Goal"})

    assert table.splitlines() == ["Goal", "--------------", "Gold[2J status"]


def test_a_table_of_many_rows_is_cut_and_says_how_to_get_them_all(run):
    lot = BIG | {"balance": 1, "expires_on": "9999-12-31"}

    ended = run("expiring", "-", "--as-of", "2026-11-23", stdin=json.dumps(lot).encode())

    *table, last = ended.out.splitlines()
    assert (len(table), last) == (10_002, "… 85,678 more rows. --format csv gives all.")
    whole = run("expiring", "-", "--as-of", "2026-11-23", "--format", "csv", stdin=json.dumps(lot).encode())
    assert len(whole.out.splitlines()) == 95_679


def test_a_table_of_as_many_rows_as_are_shown_is_whole(run):
    members = "\n".join(
        json.dumps(BIG | {"guid": f"RWD-{n}", "member_guid": f"M{n}", "balance": 1}) for n in range(10_000)
    )

    ended = run("holdings", "-", stdin=members.encode())

    assert len(ended.out.splitlines()) == 10_002
    assert "more row" not in ended.out


# --- What falls due, goals, bands ------------------------------------------------------------------

AS_OF = ("--as-of", "2026-11-23", "--format", "json")


def as_json(frame):
    return [
        {name: f"{cell:f}" if isinstance(cell, Decimal) else str(cell) if isinstance(cell, date) else cell}
        for row in frame.rows(named=True)
        for name, cell in row.items()
    ]


def cells_of(rows):
    return [{name: cell} for row in rows for name, cell in row.items()]


@pytest.mark.parametrize(
    ("options", "until"),
    [((), None), (("--within", "30"), date(2026, 12, 23)), (("--until", "2026-12-01"), date(2026, 12, 1))],
)
def test_upcoming_gives_what_the_function_gives_until_the_last_day(run, rewards_json, options, until):
    ended = run("upcoming", rewards_json, *AS_OF, *options)

    expected = ra.upcoming(ra.load(rewards_json), as_of=date(2026, 11, 23), until=until)
    assert len(expected) > 3
    assert cells_of(json.loads(ended.out)) == as_json(expected)


def test_within_0_days_is_today_alone_and_no_day_lies_beyond_the_calendar(run):
    lots = [
        BIG | {"guid": f"R{n}", "expires_on": day, "balance": 1} for n, day in enumerate(["2026-11-23", "9999-12-31"])
    ]
    text = "\n".join(map(json.dumps, lots)).encode()

    assert len(json.loads(run("upcoming", "-", *AS_OF, "--within", "0", stdin=text).out)) == 1
    assert len(json.loads(run("upcoming", "-", *AS_OF, "--within", "9999999", stdin=text).out)) == 2


def test_two_last_days_are_wrong_usage(run, rewards_json):
    ended = run("upcoming", rewards_json, "--within", "30", "--until", "2026-12-01")

    assert (ended.status, ended.out) == (2, "")
    assert ended.err == "rewards-analytics: --within and --until both set the last day. Give one of them.\n"


def test_bands_take_the_edges_that_are_given(run, rewards_json):
    ended = run("bands", rewards_json, "--edges", "0, 1000.5,25000", "--format", "json")

    assert cells_of(json.loads(ended.out)) == as_json(ra.bands(ra.load(rewards_json), ("0", "1000.5", "25000")))
    assert cells_of(json.loads(run("bands", rewards_json, "--format", "json").out)) == as_json(
        ra.bands(ra.load(rewards_json))
    )


@pytest.mark.parametrize(
    ("edges", "message"),
    [("1000,1", "edges do not ascend: '1' follows '1000'."), ("", "The edge '' is not a number"), ("1,000", "'000'")],
)
def test_edges_that_make_no_bands_are_wrong_usage(run, rewards_json, edges, message):
    ended = run("bands", rewards_json, "--edges", edges)

    assert ended.status == 2
    assert message in ended.err


def test_a_table_of_goals_leads_with_those_that_are_not_reached(run, rewards_json):
    ahead = [line for line in run("distance", rewards_json).out.splitlines() if line.endswith("no")]

    assert len(ahead) == 77
    assert run("distance", rewards_json).out.splitlines()[2].endswith("no")
    assert run("distance", rewards_json).out.endswith("\n34 goals reached; --reached adds them.\n")


def test_reached_goals_are_added_after_the_others(run, rewards_json):
    lines = run("distance", rewards_json, "--reached").out.splitlines()[2:]

    assert [line.split()[-1] for line in lines] == [*["no"] * 77, *["yes"] * 34]


def test_the_first_goals_are_shown_and_the_others_counted(run, rewards_json):
    lines = run("distance", rewards_json, "--top", "3").out.splitlines()

    assert len(lines) == 6
    assert lines[-1] == "74 more goals not shown. 34 goals reached; --reached adds them."
    assert len(json.loads(run("distance", rewards_json, "--top", "3", "--format", "json").out)) == 3


def test_formats_for_programs_hold_every_goal_as_the_function_gives_them(run, rewards_json):
    ended = run("distance", rewards_json, "--format", "json")

    assert cells_of(json.loads(ended.out)) == as_json(ra.distance(ra.load(rewards_json)))
