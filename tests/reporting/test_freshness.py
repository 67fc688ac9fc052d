"""What a report says about how fresh its rewards are."""

import datetime as dt
from decimal import Decimal as D

import openpyxl
import polars as pl
import pytest

import rewards_analytics as ra
from tests import frames
from tests.reporting.pages import AS_OF, read, reported

REWARDS = frames.polars_frame(
    frames.table(
        [
            frames.total("MILES", "1204500"),
            frames.total("MILES", "84000.5", member_guid="M2"),
            frames.total("MILES", "100", member_guid="M3"),
            frames.total("DOLLARS", "12.5", user_guid="U2", member_guid="M4"),
            frames.to_level("SEGMENTS", "5"),
        ]
    )
)
MEMBERS = pl.DataFrame(
    {
        "user_guid": ["U1", "U1", "U1"],
        "member_guid": ["M1", "M2", "M3"],
        "aggregated_at": [dt.datetime(2026, 11, 23, 4), dt.datetime(2026, 11, 20, 4), None],
    },
    schema_overrides={"aggregated_at": pl.Datetime("us", "UTC")},
)
SENTENCE = (
    "7% of the miles were last gathered more than 2 days before this report. "
    "It is not known when all of the dollars and <1% of the miles were last gathered."
)


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    return reported(REWARDS, tmp_path_factory.mktemp("report"), freshness=MEMBERS)


def test_it_says_in_words_how_much_of_each_unit_is_stale(page):
    assert SENTENCE in page.text


def test_the_exact_amounts_of_the_sentence_are_on_hover(page):
    exact = [attributes.get("title") for tag, attributes in page.tags if tag == "strong"]

    assert exact[-3:] == ["84,000.5 miles", "$12.50", "100 miles"]


def test_the_numbers_of_its_table_are_those_of_freshness(page):
    expected = ra.freshness(REWARDS, MEMBERS, as_of=AS_OF)

    assert page.table("Freshness per unit")[2] == ["Segments", "not known", "not known", "–", "not known"]
    for place, column in ((1, "available"), (2, "stale"), (4, "unknown")):
        assert list(page.amounts("Freshness per unit", place).values()) == expected[column].to_list()
    assert page.values("Freshness per unit", 3) == ["0.0", str(expected["stale_share"][1]), ""]
    assert page.table("Freshness per unit")[1] == ["Miles", "1,288,600.5", "84,000.5", "7%", "100"]


def test_what_stale_means_is_defined(page):
    assert "A balance is stale if that was more than 2 calendar days (UTC) before the as-of date." in page.text
    assert "A balance is stale if MX last gathered it from the institution more than 2 days before this" in page.text


def test_without_freshness_nothing_is_said(tmp_path):
    text = reported(REWARDS, tmp_path).text

    assert "stale" not in text
    assert "gathered" not in text


def test_a_report_of_no_rewards_says_so(tmp_path):
    page = reported(REWARDS.clear(), tmp_path, freshness=MEMBERS)

    assert "How fresh it is These rewards hold no balance." in page.text


def test_the_workbook_has_a_sheet_of_it(tmp_path):
    book = openpyxl.load_workbook(ra.report(REWARDS, tmp_path / "report.xlsx", as_of=AS_OF, freshness=MEMBERS))

    rows = list(book["Freshness"].iter_rows(values_only=True))
    assert rows[0] == ("Unit", "Available", "Stale", "Share stale", "Age unknown")
    assert rows[2][:3] == ("Miles", 1288600.5, 84000.5)
    assert SENTENCE in [row[0] for row in book["Summary"].iter_rows(values_only=True)]
    assert "Stale" in [row[0] for row in book["Definitions"].iter_rows(values_only=True)]


def test_the_opening_of_a_notebook_says_it_too():
    assert SENTENCE in repr(ra.show.summary(REWARDS, as_of=AS_OF, freshness=MEMBERS))


@pytest.mark.parametrize("workers", [1, 2])
def test_each_report_of_a_batch_says_it_of_its_own_rewards(tmp_path, workers):
    batch = ra.reports(REWARDS, tmp_path, by="member_guid", as_of=AS_OF, freshness=MEMBERS, workers=workers)

    said = {group: read(path).text for group, path in batch.written}
    assert "Every balance was gathered within 2 days before this report." in said["M1"]
    assert "All of the miles were last gathered more than 2 days before this report." in said["M2"]
    assert "It is not known when all of the miles were last gathered." in said["M3"]
    assert "It is not known when all of the dollars were last gathered." in said["M4"]
    own = ra.report(
        REWARDS.filter(member_guid="M2"),
        tmp_path / "own.html",
        as_of=AS_OF,
        title="Rewards report: M2",
        freshness=MEMBERS,
    )
    assert (tmp_path / "M2.html").read_bytes() == own.read_bytes()


def test_any_kind_of_frame_can_be_given(tmp_path):
    first = ra.report(REWARDS, tmp_path / "1.html", as_of=AS_OF, freshness=MEMBERS)
    second = ra.report(REWARDS.lazy(), tmp_path / "2.html", as_of=AS_OF, freshness=MEMBERS.to_pandas())

    assert first.read_bytes() == second.read_bytes()


def test_a_wrong_frame_is_refused_before_anything_is_written(tmp_path):
    with pytest.raises(ra.MissingColumnError, match="members has no column 'aggregated_at'"):
        ra.report(REWARDS, tmp_path / "report.html", freshness=MEMBERS.drop("aggregated_at"))

    assert list(tmp_path.iterdir()) == []


def test_a_unit_from_outside_is_text(tmp_path):
    rewards = frames.polars_frame(frames.table([frames.total("<b>unit</b>", "5")]))

    page = reported(rewards, tmp_path, freshness=MEMBERS.with_columns(aggregated_at=pl.lit(dt.datetime(2026, 1, 1))))

    assert "All of the <b>unit</b> were last gathered" in page.text
    assert page.amounts("Freshness per unit", 2) == {"<b>unit</b>": D(5)}
