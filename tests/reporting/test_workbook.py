"""The report as a workbook: a sheet for each table, each number that of the function."""

import datetime as dt
import shutil
import subprocess
from decimal import Decimal as D

import openpyxl
import pytest

import rewards_analytics as ra
from tests import frames
from tests.show.test_sheets import exact

AS_OF = dt.date(2026, 11, 23)
RATES = {"MILES": "0.0125", "POINTS": "0.01"}


@pytest.fixture(scope="module")
def rewards(request):
    return ra.load(request.config.rootpath / "data/rewards.json")


@pytest.fixture(scope="module")
def book(rewards, tmp_path_factory):
    path = tmp_path_factory.mktemp("workbook") / "report.xlsx"
    assert ra.report(rewards, path, as_of=AS_OF, title="=Miles", rates=RATES) == path
    return openpyxl.load_workbook(path)


def numbers(book, sheet, header):
    """The numbers of a column, exact."""
    headers = [cell.value for cell in book[sheet][1]]
    place = headers.index(header) + 1
    cells = [book[sheet].cell(line, place) for line in range(2, book[sheet].max_row + 1)]
    return [None if cell.value is None else exact(cell) for cell in cells]


def test_there_is_a_sheet_for_each_table_of_the_page(book):
    assert book.sheetnames[0] == "Summary"
    assert {"Totals", "Timeline", "Aging", "Upcoming", "Goals", "Quality", "Value"} < {*book.sheetnames}
    assert book.sheetnames[-1] == "Definitions"


def test_the_summary_says_what_matters_in_sentences(book):
    lines = [row[0].value for row in book["Summary"].iter_rows()]
    assert lines[:3] == ["Summary", "=Miles", "As of 23 November 2026"]
    assert "770,479 points, of which 88,891 (12%) expire by 20 February 2027" in " ".join(filter(None, lines))


@pytest.mark.parametrize(
    ("sheet", "result", "columns"),
    [
        ("Totals", lambda r: ra.totals(r), {"Available": "available", "Expiring": "expiring", "Holdings": "holdings"}),
        ("Aging", lambda r: ra.aging(r, as_of=AS_OF), {"Expiring": "expiring", "Rewards": "rewards"}),
        ("Value", lambda r: ra.value(r, RATES), {"Value in dollars": "value", "Dollars per unit": "rate"}),
        ("Quality", lambda r: ra.quality(r, as_of=AS_OF), {"Rewards": "rewards"}),
    ],
)
def test_each_number_is_that_of_the_function_to_the_last_digit(book, rewards, sheet, result, columns):
    frame = result(rewards)
    for header, name in columns.items():
        assert numbers(book, sheet, header) == [None if v is None else D(v) for v in frame[name].to_list()]


def test_the_timeline_is_that_of_the_function_for_the_months_of_the_page(book, rewards):
    cumulative = ra.expiring(rewards, as_of=AS_OF, until=dt.date(2028, 5, 31))["cumulative"].to_list()
    assert numbers(book, "Timeline", "Cumulative") == cumulative
    assert len(book["Timeline"]._charts) == 2


def notes(book, sheet):
    page = book[sheet]
    (place,) = (cell.column for cell in page[1] if cell.value == "Notes")
    return [cell.value for (cell,) in page.iter_rows(min_row=2, min_col=place, max_col=place) if cell.value]


def test_the_timeline_says_what_it_does_not_show(book, tmp_path):
    assert notes(book, "Timeline") == ["Not in the timeline: 24,308 points have no date."]

    lots = [frames.lot("MILES", "5", "2026-12-01"), frames.lot("MILES", "1", "2029-01-01", guid="g2")]
    of_lots = openpyxl.load_workbook(
        ra.report(frames.polars_frame(frames.table(lots)), tmp_path / "lots.xlsx", as_of=AS_OF)
    )
    assert notes(of_lots, "Timeline") == ["Expiring after 31 October 2028: 1 mile."]


def test_a_timeline_that_shows_all_has_no_notes(tmp_path):
    rewards = frames.polars_frame(frames.table([frames.lot("MILES", "5", "2026-12-01")]))

    book = openpyxl.load_workbook(ra.report(rewards, tmp_path / "r.xlsx", as_of=AS_OF))

    assert "Notes" not in [cell.value for cell in book["Timeline"][1]]


def test_rewards_of_nothing_give_a_workbook_too(tmp_path):
    book = openpyxl.load_workbook(ra.report(ra.load([]), tmp_path / "empty.XLSX", as_of=AS_OF))
    assert book["Summary"]["A5"].value == "These rewards hold no balance and no goal."
    assert book["Totals"].max_row == 1


def test_provider_text_is_never_a_formula(tmp_path):
    rows = [frames.to_level("MILES", "7", description="=1+1", user_guid="+U"), frames.total("=2+2", "5", guid="g2")]
    with pytest.warns(ra.RewardsWarning, match="not documented"):
        rewards = ra.load(frames.polars_frame(frames.table(rows)))
    book = openpyxl.load_workbook(ra.report(rewards, tmp_path / "r.xlsx", as_of=AS_OF))
    assert not [cell for sheet in book for row in sheet.iter_rows() for cell in row if cell.data_type == "f"]
    assert "=1+1" in [cell.value for cell in book["Goals"]["F"]]


def test_a_path_that_cannot_be_written_is_an_error(tmp_path, rewards):
    (tmp_path / "folder.xlsx").mkdir()
    with pytest.raises(ra.RewardsError, match=r"folder\.xlsx"):
        ra.report(rewards, tmp_path / "folder.xlsx")


@pytest.mark.parametrize("more", [["--pdf"], ["--notebook", "notebooks/product_report.ipynb"]])
def test_a_workbook_is_not_printed_and_not_made_from_a_notebook(run, rewards_json, tmp_path, more):
    ended = run("report", rewards_json, "--out", tmp_path / "r.xlsx", *more)
    assert (ended.status, ended.out) == (2, "")
    assert "r.xlsx names a workbook" in ended.err
    assert not list(tmp_path.iterdir())


def test_libreoffice_opens_and_prints_it(rewards, tmp_path):
    program = shutil.which("soffice")
    if program is None:
        pytest.skip("LibreOffice is missing: apt-get install libreoffice-calc")
    path = ra.report(rewards, tmp_path / "report.xlsx", as_of=AS_OF)
    command = [program, f"-env:UserInstallation={(tmp_path / 'profile').as_uri()}", "--headless", "--convert-to", "pdf"]
    subprocess.run([*command, "--outdir", tmp_path, path], check=True, capture_output=True, timeout=120)
    assert (tmp_path / "report.pdf").read_bytes().startswith(b"%PDF")
