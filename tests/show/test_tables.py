"""Results as a notebook shows them: the same words and exact amounts as in the direct report."""

import datetime as dt
import re
import subprocess
import sys
from base64 import b64decode
from decimal import Decimal
from functools import partial

import pytest

import rewards_analytics as ra
from rewards_analytics import show
from rewards_analytics.errors import ArgumentError, FrameError
from rewards_analytics.show import cells
from rewards_analytics.show.tables import Table
from tests import frames
from tests.reporting.pages import AS_OF, REWARDS, Page

TOTALS = ra.totals(REWARDS)
RATES = {"MILES": "0.0125"}
REWARD = {"guid": "R1", "user_guid": "U1", "member_guid": "M1"}


def page_of(shown):
    return Page(shown._repr_html_())


def test_a_table_has_the_amounts_of_the_result_and_shows_them_in_the_words_of_their_unit():
    page = page_of(show.table(TOTALS, "Totals per unit"))

    assert page.amounts("Totals per unit", 1) == {
        "Dollars": Decimal("12.5"),
        "Miles": Decimal("1204500"),
        "Points": Decimal("12345678901234567.123456789"),
        "Segments": None,
    }
    assert [row[:2] for row in page.table("Totals per unit")] == [
        ["Dollars", "$12.50"],
        ["Miles", "1,204,500"],
        ["Points", "12,345,678,901,234,567.123456789"],
        ["Segments", "not known"],
    ]


@pytest.mark.parametrize("backend", ["pandas", "pyarrow"])
def test_any_kind_of_frame_gives_the_same_table(backend):
    same = ra.totals(ra.load(REWARDS, backend=backend))

    assert show.table(same, "Totals").html == show.table(TOTALS, "Totals").html


def test_columns_are_chosen_and_named():
    page = page_of(show.table(TOTALS, "Users", {"unit_type": "Currency", "users": "People"}))

    assert page.table("Users") == [["Dollars", "1"], ["Miles", "1"], ["Points", "1"], ["Segments", "0"]]
    assert {"Currency", "People"} <= {text for row in page.tables["Users"] for _, text in row}


def test_a_column_that_is_not_there_is_an_error_with_the_nearest_match():
    with pytest.raises(ra.ArgumentError, match=r"columns='availble' is not one of .* Did you mean 'available'\?"):
        show.table(TOTALS, "Totals", ["unit_type", "availble"])


def test_each_kind_of_value_has_its_writing():
    row = {
        "description": "Gold",
        "goal": "LEVEL",
        "user_guid": "USR-d74cb14f-fd0a-449f-991b-e0362a63d9c6",
        "account_guid": None,
        "expires_on": dt.date(2026, 12, 1),
        "created_at": dt.datetime(2026, 11, 1, 12, tzinfo=dt.UTC),
        "progress": 0.996,
        "reached": False,
        "bucket": "0-30",
        "rate": Decimal("0.012"),
        "next_expiry": None,
    }

    page = page_of(show.table([row], "Kinds"))

    assert page.table("Kinds") == [
        [
            "Gold",
            "Level",
            "USR-d74c…d9c6",
            "none given",
            "1 Dec 2026",
            "1 Nov 2026",
            "99%",
            "no",
            "0 to 30 days",
            "$0.012",
            "no date",
        ]
    ]


def test_a_timeline_by_unit_has_a_row_for_each_period_and_a_column_for_each_unit():
    timeline = ra.expiring(REWARDS, as_of=AS_OF, every="quarter", until=dt.date(2027, 3, 31))

    page = page_of(show.by_unit(timeline, "Per quarter", row="period", every="quarter"))

    assert page.table("Per quarter") == [["Q4 2026", "$12.50", "0"], ["Q1 2027", "$0.00", "84,000"]]


def test_text_of_the_provider_is_text():
    shown = show.table([{"description": "<script>alert(1)</script>{{ 7 * 7 }}"}], "<b>Goals</b>")

    page = page_of(shown)
    assert not {"script", "b"} & {tag for tag, _ in page.tags}
    assert page.table("<b>Goals</b>") == [["<script>alert(1)</script>{{ 7 * 7 }}"]]


def test_pictures_have_words_and_follow_the_theme_of_the_page():
    shown = show.pictures("totals", TOTALS.filter(TOTALS["unit_type"] == "MILES"))

    assert repr(shown) == "Totals per unit: 1,204,500 miles available, of which 85,500 expiring."
    assert 'alt="Totals per unit: 1,204,500 miles' in shown.html
    assert '[data-jp-theme-light="false"] .rewards-shown {color-scheme: dark}' in shown.html


def test_an_amount_that_is_not_known_stands_among_the_numbers():
    page = page_of(show.table(TOTALS.filter(TOTALS["unit_type"] == "SEGMENTS"), "Totals"))

    cells = [attributes for tag, attributes in page.tags if tag == "td"]
    assert (cells[0]["class"].split(), cells[0]["data-value"]) == (["number", "none"], "")


def test_nothing_is_said_in_words():
    assert repr(show.table(TOTALS.clear(), "Totals")) == "Totals: none."
    assert repr(show.by_unit(TOTALS.clear(), "Timeline", row="period")) == "Timeline: none."
    assert repr(show.pictures("totals", TOTALS.clear())) == "Nothing to draw."
    assert page_of(show.nothing("<b>None</b>")).text == "<b>None</b>"


def test_a_summary_says_what_matters_and_what_the_rewards_are():
    shown = show.summary(REWARDS, as_of=AS_OF)

    lines = repr(shown).splitlines()
    assert "1.2 million miles, of which 84,000 (7%) expire by 31 January 2027" in lines[0]
    assert lines[-1] == (
        "Made from 8 rewards of 2 users and 2 members, recorded on 1 November 2026, 22 days before 23 November 2026."
    )
    assert not {"h1", "header"} & {tag for tag, _ in page_of(shown).tags}


@pytest.mark.parametrize("kind", ["polars_lazy", "pandas_plain", "pyarrow", "duckdb"])
def test_any_kind_of_frame_gives_the_same_summary(kind):
    frame = frames.ENGINES[kind](REWARDS.to_arrow())

    assert show.summary(frame, as_of=AS_OF, rates=RATES).html == show.summary(REWARDS, as_of=AS_OF, rates=RATES).html


def test_a_summary_of_rewards_of_the_day_names_it_once():
    said = repr(show.summary(REWARDS, as_of=dt.date(2026, 11, 1)))

    assert said.endswith("Made from 8 rewards of 2 users and 2 members, recorded on 1 November 2026.")


def test_a_summary_of_nothing_says_so():
    assert repr(show.summary(ra.load([]), as_of=AS_OF)) == (
        "These rewards hold no balance and no goal.\nMade from 0 rewards."
    )


@pytest.mark.parametrize("wrong", [5, None, "totals", {"unit_type": "MILES"}])
def test_what_is_no_result_is_refused(wrong):
    for display in (show.table, partial(show.by_unit, row="bucket"), partial(show.pictures, "totals")):
        with pytest.raises(FrameError, match=f"A {type(wrong).__name__} is not a result"):
            display(wrong)


def test_a_row_or_a_kind_that_there_is_not_is_refused_with_the_nearest():
    with pytest.raises(ArgumentError, match=r"row='buckets' is not one of .*'bucket'"):
        show.by_unit([{"bucket": "0-30", "unit_type": "MILES", "expiring": Decimal(1)}], row="buckets")
    with pytest.raises(ArgumentError, match=r"kind='total' is not one of .*Did you mean 'totals'"):
        show.pictures("total", TOTALS)


def test_amounts_of_a_column_and_unit_have_one_number_of_decimals():
    amounts = [("MILES", "2438.500000000"), ("MILES", "0E-9"), ("POINTS", "7.000000000"), ("DOLLARS", "1.125")]
    rows = [{"unit_type": unit, "available": Decimal(amount), "expiring": Decimal(1)} for unit, amount in amounts]

    assert [row[1:] for row in page_of(show.table(rows, "Held")).table("Held")] == [
        ["2,438.5", "1"],
        ["0.0", "1"],
        ["7", "1"],
        ["$1.125", "$1.00"],
    ]


def test_a_column_of_a_unit_has_one_number_of_decimals_and_null_is_said():
    rows = [
        {"bucket": bucket, "unit_type": unit, "expiring": Decimal(amount)}
        for bucket, unit, amount in [("0-30", "MILES", "1.25"), ("31-60", "MILES", "3"), ("0-30", "POINTS", "5")]
    ]

    page = page_of(show.by_unit(rows, "Aging", row="bucket"))

    assert page.table("Aging") == [["0 to 30 days", "1.25", "5"], ["31 to 60 days", "3.00", "not known"]]


def test_bands_read_as_a_table_of_units_and_as_rows():
    bands = ra.bands(
        ra.load([REWARD | {"balance_type": "BALANCE", "unit_type": "MILES", "balance": "12.5"}]), (1, 5000)
    )

    by_unit = page_of(show.by_unit(bands, "Spread", row="band"))
    rows = page_of(show.table(bands, "Spread"))

    assert by_unit.table("Spread") == [["Below 1", "0"], ["From 1", "1"], ["From 5,000", "0"]]
    assert [row[1:3] for row in rows.table("Spread")] == [["no limit", "1"], ["1", "5,000"], ["5,000", "no limit"]]


def test_balance_types_stand_in_words_with_the_value_for_programs():
    rows = [{"unit_type": "MILES", "balance_type": "TOTAL_BALANCE", "balance": Decimal(1)}]

    assert page_of(show.table(rows, "Listed")).table("Listed") == [["Miles", "Total balance", "1"]]


def test_in_a_terminal_a_result_is_a_table():
    assert str(show.table(TOTALS.select("unit_type", "available").head(1), "Held")).splitlines()[0] == "Held"


def test_a_summary_with_a_title_is_the_head_of_the_direct_report(tmp_path):
    shown = show.summary(REWARDS, as_of=AS_OF, title="Ours", rates={"MILES": "0.01"})

    direct = ra.report(REWARDS, tmp_path / "r.html", as_of=AS_OF, title="Ours", rates={"MILES": "0.01"})
    header = direct.read_text(encoding="utf-8").partition("<header>")[2].partition("</header>")[0]
    assert header in shown.html
    assert repr(shown).startswith("Ours, as of 23 November 2026\n")
    assert "1.2 million miles" in repr(shown)


def test_bars_compare_the_amounts_of_a_unit_and_progress_with_the_whole():
    timeline = [
        {"period": AS_OF, "unit_type": "MILES", "expiring": Decimal(50)},
        {"period": dt.date(2026, 12, 1), "unit_type": "MILES", "expiring": Decimal(200)},
        {"period": dt.date(2027, 1, 1), "unit_type": "MILES", "expiring": Decimal(0)},
    ]

    by_month = page_of(show.by_unit(timeline, "By month", row="period"))
    goals = page_of(show.table([{"unit_type": "MILES", "progress": 0.5}], "Goals"))

    assert [a["width"] for tag, a in by_month.tags if tag == "rect"] == ["25.0%", "100.0%", "0%"]
    assert [a["width"] for tag, a in goals.tags if tag == "rect"] == ["100%", "50.0%"]


def test_a_null_rate_says_whether_there_is_none_or_several():
    without = {"unit_type": "MILES", "rate": None, "value": None}

    page = page_of(show.table([without, without | {"value": Decimal(3)}], "Rates"))

    assert [row[1] for row in page.table("Rates")] == ["no rate", "by member"]


def test_buckets_and_days_sort_by_time():
    rows = [{"bucket": bucket, "expires_on": dt.date(2026, 12, 1)} for bucket in ("expired", "0-30", "over 365")]

    page = page_of(show.table(rows, "Sorted"))

    assert page.values("Sorted", 0) == ["0", "1", "6"]
    assert page.values("Sorted", 1) == ["2026-12-01"] * 3


def test_a_table_without_a_download_neither_sorts_nor_offers_one_and_may_be_long():
    html = Table(
        "Held", ["Unit", "Lots"], [[cells.unit("MILES"), cells.number(1200)]], words="One bar", long=True
    ).html()

    tags = Page(html).tags
    assert tags[0] == ("div", {"class": "table long", "role": "region", "aria-label": "Held", "tabindex": "0"})
    assert tags[1] == ("table", {"aria-description": "One bar"})
    assert [tag for tag, _ in tags if tag in ("a", "p")] == []
    assert ("th", {"scope": "row", "class": "unit-6"}) in tags
    assert ("td", {"class": "number", "data-value": "1200"}) in tags


def test_plain_text_aligns_wide_characters():
    table = Table(
        "", ["Goal", "Lots"], [[cells.words("マイル"), cells.number(5)], [cells.words("miles"), cells.number(10)]]
    )

    assert table.text().splitlines() == ["Goal    Lots", "------  ----", "マイル     5", "miles     10"]


def test_the_public_names_are_found_and_listed():
    assert {name: getattr(show, name).__name__ for name in show.__all__} == {name: name for name in show.__all__}
    with pytest.raises(AttributeError, match="has no attribute 'tabel'"):
        _ = show.tabel


def test_importing_the_names_loads_no_heavy_library():
    heavy = {"narwhals", "polars", "matplotlib", "jinja2"}
    program = f"import rewards_analytics.show, sys; print(*{heavy} & set(sys.modules))"

    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert run.stdout.split() == []


# --- Long results ---------------------------------------------------------------------------------


def months(number):
    return [
        {"period": dt.date(2026 + n // 12, n % 12 + 1, 1), "unit_type": "MILES", "expiring": Decimal(n)}
        for n in range(number)
    ]


def test_a_long_result_is_cut_and_its_download_is_whole():
    shown = show.table(months(1_003), "Timeline")

    page = page_of(shown)
    assert len(page.table("Timeline")) == 1_000
    assert "3 more rows not shown." in page.text
    assert repr(shown).splitlines()[-1] == "3 more rows not shown."
    assert downloaded(shown).count("\n") == 1_004


def test_a_very_long_result_names_the_rows_that_its_download_leaves_out():
    shown = show.by_unit(months(20_002), "Timeline", row="period")

    assert "19,002 more rows not shown. The download has the first 20,000 of 20,002 rows." in page_of(shown).text
    assert downloaded(shown).count("\n") == 20_001


def test_a_result_of_as_many_rows_as_are_shown_is_whole():
    assert "not shown" not in show.table(months(1_000), "Timeline").html


def downloaded(shown):
    return b64decode(re.search(r"base64,([^\"]*)", shown.html)[1]).decode()


@pytest.mark.parametrize(
    "shown",
    [
        show.table([{"description": "$x$"}], "Goals"),
        show.pictures("totals", TOTALS),
        show.nothing("$x$"),
        show.sentences(["$x$"]),
        show.summary(REWARDS, as_of=AS_OF),
    ],
    ids=["table", "pictures", "nothing", "sentences", "summary"],
)
def test_a_dollar_sign_is_not_mathematics(shown):
    _, attributes = page_of(shown).tags[0]

    assert {"mathjax_ignore", "tex2jax_ignore"} <= set(attributes["class"].split())
