"""What a report says of a history: the roll-forward of its last months, up to the day of the report."""

import datetime as dt
from base64 import b64decode
from decimal import Decimal

import openpyxl
import polars as pl
import pytest

import rewards_analytics as ra
from tests import frames
from tests.analysis.over_time.histories import KINDS, snapshot, table
from tests.reporting.pages import AS_OF, REWARDS, read, reported

CAPTION = "Roll-forward per month"
NET = (
    "What was earned and redeemed is net between two snapshots: at least this much. "
    "Where an institution reports late, more can show than really was."
)


def miles(balance, **fields):
    return frames.total("MILES", balance, **fields)


TWO = {"user_guid": "U2", "member_guid": "M2"}
DAYS = [
    *snapshot("2026-09-30", miles("1000"), frames.lot("MILES", "200", "2026-10-10")),
    *snapshot("2026-10-05", miles("1300.5"), frames.lot("MILES", "200", "2026-10-10")),
    *snapshot("2026-10-31", miles("1100.5"), miles("50", **TWO), frames.total("DOLLARS", "12.5")),
    *snapshot("2026-11-02", miles("900.5"), frames.total("DOLLARS", "12.5")),
    *snapshot("2026-11-20", miles("1000.5"), frames.total("DOLLARS", "20")),
    # After the day of the report.
    *snapshot("2026-11-30", miles("5000"), frames.total("SEGMENTS", "7")),
]
HISTORY = frames.polars_frame(table(DAYS))
SEEN = HISTORY.filter(pl.col("taken_on") <= AS_OF)


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    return reported(REWARDS, tmp_path_factory.mktemp("report"), history=HISTORY)


def test_each_month_moves_from_opening_to_closing(page):
    assert page.table(CAPTION) == [
        ["Oct 2026", "Dollars", "$0.00", "$12.50", "$0.00", "$0.00", "$0.00", "$0.00", "$12.50", "–"],
        ["Nov 2026", "Dollars", "$12.50", "$0.00", "$7.50", "$0.00", "$0.00", "$0.00", "$20.00", "–"],
        ["Oct 2026", "Miles", "1,000.0", "50", "300.5", "0", "200", "0", "1,150.5", "100%"],
        ["Nov 2026", "Miles", "1,150.5", "0", "100.0", "200", "0", "50", "1,000.5", "0%"],
    ]


def test_the_numbers_are_those_of_roll_forward_of_the_snapshots_up_to_the_day_of_the_report(page):
    expected = ra.roll_forward(SEEN)

    for place, column in enumerate(expected.columns):
        if expected.schema[column].is_decimal():
            assert [Decimal(value) for value in page.values(CAPTION, place)] == expected[column].to_list()
    assert page.values(CAPTION, 0) == [str(period) for period in expected["period"]]
    assert page.values(CAPTION, 9) == ["" if share is None else str(share) for share in expected["expiry_share"]]


def test_the_last_full_month_has_a_table_and_pictures_of_its_own(page):
    assert page.table("October 2026, the last full month") == [
        ["Dollars", "$0.00", "$12.50", "$0.00", "$0.00", "$0.00", "$0.00", "$12.50", "–"],
        ["Miles", "1,000", "50", "300.5", "0", "200", "0", "1,150.5", "100%"],
    ]
    words = [image["alt"] for image in page.images if "net between two snapshots" in image["alt"]]
    assert [text.partition(".")[0].partition(":")[0] for text in words] == [
        "Balance day after day",
        "Roll-forward",
    ] * 2
    assert "Oct 2026: 1,000 miles at the opening, 50 miles joined, 300.5 miles earned, 200 miles expired" in words[3]
    assert "1,000 miles on 30 Sep 2026, 1,000.5 miles on 20 Nov 2026" in words[2]


def test_it_says_that_flows_are_net_and_which_days_it_is_about(page):
    assert f"the issuer's ledger may show more. {NET}" in page.text
    assert (
        "From the snapshot of 30 September 2026 to that of 20 November 2026; 12 months are shown at most." in page.text
    )
    assert (
        "47 days in between have no snapshot: movements on such a day count on the next day that has one." in page.text
    )
    assert "The last snapshot is 3 days older than this report." in page.text
    assert "Opening + joined + earned - redeemed - expired - left = closing" in page.text


def test_a_month_is_full_once_its_last_day_has_a_snapshot(tmp_path):
    started = HISTORY.filter(pl.col("taken_on") > dt.date(2026, 9, 30), pl.col("taken_on") <= AS_OF)
    begins = HISTORY.with_columns(pl.col("taken_on").replace(dt.date(2026, 9, 30), dt.date(2026, 10, 1)))

    assert "The snapshots do not cover a full month yet." in reported(REWARDS, tmp_path, history=started).text
    of_october = reported(REWARDS, tmp_path, history=begins, as_of=dt.date(2026, 10, 31))
    assert of_october.table("October 2026, the last full month")[1][1] == "1,000"
    of_the_day_before = reported(REWARDS, tmp_path, history=begins, as_of=dt.date(2026, 10, 30))
    assert "The snapshots do not cover a full month yet." in of_the_day_before.text


def test_it_goes_back_12_months_and_starts_from_the_snapshot_before_them(tmp_path):
    days = [dt.date(2025, 10, 31), dt.date(2025, 11, 15), dt.date(2025, 12, 20), dt.date(2026, 11, 1)]
    rows = [row for day, held in zip(days, "1234", strict=True) for row in snapshot(day.isoformat(), miles(held))]

    page = reported(REWARDS, tmp_path, history=frames.polars_frame(table(rows)))

    assert [row[:3] for row in page.table(CAPTION)] == [["Dec 2025", "Miles", "2"], ["Nov 2026", "Miles", "3"]]
    assert "From the snapshot of 15 November 2025 to that of 1 November 2026" in page.text


@pytest.mark.parametrize("kind", [*KINDS, "pyspark"])
def test_any_kind_of_history_gives_the_same_bytes(tmp_path, request, kind):
    days = table(DAYS)
    history = request.getfixturevalue("spark").createDataFrame(days) if kind == "pyspark" else KINDS[kind](days)
    expected = ra.report(REWARDS, tmp_path / "1.html", as_of=AS_OF, history=HISTORY)

    given = ra.report(REWARDS, tmp_path / "2.html", as_of=AS_OF, history=history)

    assert given.read_bytes() == expected.read_bytes()


def test_a_history_in_a_folder_gives_the_same_bytes(tmp_path, monkeypatch):
    monkeypatch.setattr("rewards_analytics.history.history.day", lambda value, **_: value or dt.date(2026, 11, 30))
    history = ra.History(tmp_path / "history")
    for (day,), rewards in HISTORY.group_by("taken_on", maintain_order=True):
        history.append(rewards.drop("taken_on"), day)

    given = ra.report(REWARDS, tmp_path / "1.html", as_of=AS_OF, history=history)

    assert given.read_bytes() == ra.report(REWARDS, tmp_path / "2.html", as_of=AS_OF, history=HISTORY).read_bytes()


# --- What it lacks ---


@pytest.mark.parametrize(
    ("as_of", "says"),
    [
        (dt.date(2026, 9, 30), "The history has one snapshot, that of 30 September 2026. It takes a second one to"),
        (dt.date(2026, 9, 29), "The history has no snapshot up to 29 September 2026."),
    ],
)
def test_a_history_of_one_day_or_none_says_so_and_shows_no_table(tmp_path, as_of, says):
    for history in (HISTORY, KINDS["stored"](table(DAYS))):
        page = reported(REWARDS, tmp_path, history=history, as_of=as_of)

        assert says in page.text
        assert not [caption for caption in page.tables if caption.startswith(CAPTION)]


def test_a_history_of_goals_alone_says_that_no_balance_is_known(tmp_path):
    goals = [
        *snapshot("2026-11-01", frames.to_level("MILES", "5")),
        *snapshot("2026-11-02", frames.to_level("MILES", "4")),
    ]

    page = reported(REWARDS, tmp_path, history=frames.polars_frame(table(goals)))

    assert "No balance is known in the snapshots." in page.text


def test_without_a_history_the_page_has_nothing_of_it(tmp_path):
    plain = ra.report(REWARDS, tmp_path / "1.html", as_of=AS_OF)
    none = ra.report(REWARDS, tmp_path / "2.html", as_of=AS_OF, history=None)

    assert plain.read_bytes() == none.read_bytes()
    assert not [word for word in ("moved", "snapshot", "Roll-forward") if word in read(plain).text]


# --- What is likely to lapse ---

YEAR = pl.read_parquet("data/_history/rewards.parquet")
TODAY = YEAR.filter(pl.col("taken_on") == AS_OF).drop("taken_on")
LIKELY = "Likely to lapse within 90 days"


def test_it_says_how_much_is_likely_to_lapse_and_how_much_did(tmp_path):
    page = reported(TODAY, tmp_path, history=YEAR)

    assert (
        "Of what expires within 90 days, about $170 is likely to lapse (in the past year 63% of what was due within 90 "
        "days did), about 62,000 miles (43%), about 13,000 points (60%) and about 220 segments (63%)."
    ) in page.text
    expected = ra.forecast(YEAR, until=AS_OF + dt.timedelta(90)).group_by("unit_type").agg(pl.col("expected").sum())
    assert {row[0]: row[2] for row in page.table(LIKELY)} == {
        unit.capitalize(): f"${amount:,.2f}" if unit == "DOLLARS" else f"{amount:,.2f}"
        for unit, amount in expected.iter_rows()
    }


def test_its_words_lead_to_their_definition(tmp_path):
    page = reported(TODAY, tmp_path, history=YEAR)

    (href,) = [attributes["href"] for tag, attributes in page.tags if attributes.get("href", "").startswith("#def")]
    assert href.removeprefix("#") in [attributes.get("id") for _, attributes in page.tags]
    assert "each due times the share of earlier dues of its unit that lapsed with as many days left" in page.text


def test_the_workbook_has_a_sheet_of_it_with_every_digit(tmp_path):
    book = openpyxl.load_workbook(ra.report(TODAY, tmp_path / "report.xlsx", as_of=AS_OF, history=YEAR))

    first, dollars, *_ = book["Likely to lapse"].iter_rows(values_only=True)
    assert first[:3] == ("Unit", "Due", "Expected")
    assert dollars[:3] == ("Dollars", 276.5, 165.179853488)


def test_without_enough_history_nothing_is_said_of_lapses(tmp_path):
    page = reported(TODAY, tmp_path, history=YEAR.filter(pl.col("taken_on") > dt.date(2026, 9, 1)))

    assert "lapse" not in page.text
    assert not [caption for caption in page.tables if caption.startswith(LIKELY)]


# --- Bad input ---


@pytest.mark.parametrize(
    ("history", "error", "says"),
    [
        (
            "history",
            ra.FrameError,
            "report\\(\\) takes a History, or a frame of rewards with a column 'taken_on', not str",
        ),
        (REWARDS, ra.MissingColumnError, "taken_on"),
        (HISTORY.with_columns(pl.col("balance").cast(pl.Float64)), ra.FrameError, "balance"),
        (HISTORY.with_columns(taken_on=None), ra.FrameError, "taken_on"),
    ],
)
def test_a_wrong_history_is_refused_before_anything_is_computed(tmp_path, history, error, says):
    with pytest.raises(error, match=says):
        ra.report("not looked at", tmp_path / "report.html", history=history)

    assert list(tmp_path.iterdir()) == []


def test_a_folder_without_a_history_is_refused(tmp_path):
    with pytest.raises(ra.SourceError, match="has no snapshot yet"):
        ra.report(REWARDS, tmp_path / "report.html", history=ra.History(tmp_path / "none"))


def test_a_unit_from_outside_is_text(tmp_path):
    rows = [
        *snapshot("2026-09-30", frames.total("<b>$x$</b>", "1")),
        *snapshot("2026-11-20", frames.total("<b>$x$</b>", "2")),
    ]

    page = reported(REWARDS, tmp_path, history=frames.polars_frame(table(rows)))

    assert page.table(CAPTION)[0][1] == "<b>$x$</b>"
    drawn = [
        b64decode(image["src"].partition(",")[2]).decode() for image in page.images if "day after day" in image["alt"]
    ]
    assert "&lt;b&gt;$x$&lt;/b&gt;" in drawn[0]


# --- The workbook ---


def test_the_workbook_has_a_sheet_of_what_moved(tmp_path):
    book = openpyxl.load_workbook(ra.report(REWARDS, tmp_path / "report.xlsx", as_of=AS_OF, history=HISTORY))

    rows = list(book["Roll-forward"].iter_rows(values_only=True))
    assert rows[0][:10] == (
        *("Period", "Unit", "Opening", "Joined", "Earned", "Redeemed", "Expired", "Left", "Closing", "Expiry share"),
    )
    assert rows[3][1:10] == ("Miles", 1000, 50, 300.5, 0, 200, 0, 1150.5, 1)
    said = [cell for row in rows for cell in row[10:] if cell]
    assert NET in said
    assert "The last snapshot is 3 days older than this report." in said


def test_the_workbook_says_what_a_history_of_one_day_lacks(tmp_path):
    one = HISTORY.filter(pl.col("taken_on") == dt.date(2026, 11, 20))
    book = openpyxl.load_workbook(ra.report(REWARDS, tmp_path / "report.xlsx", as_of=AS_OF, history=one))

    cells = [cell for row in book["Roll-forward"].iter_rows(values_only=True) for cell in row if cell]
    assert "The history has one snapshot, that of 20 November 2026. It takes a second one to show what moved." in cells
