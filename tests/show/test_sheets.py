"""Workbooks, read back by openpyxl: every number to the last digit, every text as text."""

import datetime as dt
import io
import zipfile
from decimal import Decimal as D

import openpyxl
import pytest
from hypothesis import given, strategies as st

from rewards_analytics.show import sheets
from rewards_analytics.show.sheets import Sheet, workbook


def opened(*made, **options):
    return openpyxl.load_workbook(io.BytesIO(workbook(made, **options)))


def column(sheet, letter="A"):
    """The cells of a column below its header."""
    return list(sheet[letter])[1:]


def amounts(*values, unit_type="MILES"):
    return Sheet("Totals", {"available": "Available"}, [{"unit_type": unit_type, "available": v} for v in values])


def exact(cell):
    """The number of a cell, to the last digit that the file has."""
    return D(repr(cell.value)) if isinstance(cell.value, float) else D(cell.value)


# --- Numbers ----------------------------------------------------------------------------------------


def test_amounts_are_numbers_with_the_format_of_their_unit():
    miles = opened(amounts(D("1204500.500000000"), D("-3"), D("0E-9"))).active
    assert [(cell.value, cell.number_format) for cell in column(miles)] == [
        (1204500.5, "#,##0.0"),
        (-3, "#,##0.0"),
        (0, "#,##0.0"),
    ]
    dollars = opened(amounts(D("12.5"), D("1000"), unit_type="DOLLARS")).active
    assert [(cell.value, cell.number_format) for cell in column(dollars)] == [
        (12.5, "[$$-409]#,##0.00;-[$$-409]#,##0.00"),
        (1000, "[$$-409]#,##0.00;-[$$-409]#,##0.00"),
    ]


def test_each_unit_and_column_has_its_own_decimals():
    rows = [
        {"unit_type": "MILES", "available": D("1.25"), "expiring": D(1), "value": D("0.0125")},
        {"unit_type": "POINTS", "available": D(7), "expiring": D("0.5"), "value": None},
    ]
    page = opened(Sheet("Totals", dict.fromkeys(["available", "expiring", "value"], "x"), rows)).active
    formats = [[cell.number_format for cell in row] for row in page.iter_rows(min_row=2)]
    assert formats == [
        ["#,##0.00", "#,##0", "[$$-409]#,##0.0000;-[$$-409]#,##0.0000"],
        ["#,##0", "#,##0.0", "General"],
    ]


@given(st.decimals(-(10**19), 10**19, places=9, allow_nan=False))
def test_no_digit_of_an_amount_is_lost(value):
    assert exact(column(opened(amounts(value)).active)[0]) == value


@pytest.mark.parametrize("value", ["999999999999999", "0.000000001", "9.99999999999999", "123456789.123456"])
def test_15_digits_are_a_number(value):
    assert column(opened(amounts(D(value))).active)[0].data_type == "n"


def test_an_amount_that_a_spreadsheet_would_round_is_text_and_the_sheet_says_so():
    page = opened(amounts(D("9007199254740993"), D("1234567890.123456"), D("9000000000000000000"))).active
    assert [cell.value for cell in column(page)] == ["9007199254740993", "1234567890.123456", 9 * 10**18]
    note = "2 amounts of more than 15 digits are written as text: a spreadsheet would round them."
    assert [page["C1"].value, page["C2"].value] == ["Notes", note]


def test_shares_keep_all_17_digits_of_a_double():
    share = 0.1 + 0.2
    cell = column(opened(Sheet("Goals", {"progress": "Progress"}, [{"progress": share}])).active)[0]
    assert (cell.value, cell.number_format) == (0.30000000000000004, "0.0%")


def test_counts_days_times_truth_and_null():
    row = {
        "rewards": 1200,
        "expires_on": dt.date(2027, 1, 31),
        "aggregated_at": dt.datetime(2026, 11, 23, 7, 30, tzinfo=dt.UTC),
        "reached": True,
        "account_guid": None,
    }
    page = opened(Sheet("All", {name: name for name in row}, [row])).active
    assert [cell.value for cell in page[2]] == [
        1200,
        dt.datetime(2027, 1, 31),
        dt.datetime(2026, 11, 23, 7, 30),
        True,
        None,
    ]


@pytest.mark.parametrize(
    "value", [dt.date(1899, 12, 31), dt.date(1900, 2, 28), dt.datetime(2026, 1, 1, 0, 0, 0, 1, tzinfo=dt.UTC)]
)
def test_a_day_or_time_that_excel_does_not_have_is_text(value):
    assert column(opened(Sheet("Days", {"day": "Day"}, [{"day": value}])).active)[0].value == value.isoformat()


# --- Texts ------------------------------------------------------------------------------------------

HOSTILE = [
    "=1+1", "+1", "-1+1", "@SUM(1)", "\t=1", " =1", "'=1", "{=1}", "12", "1e5", "TRUE", "https://example.org",
    "<r>=1</r>", "<r><t>x</t></r>", "_x0041_", "a\rb\nc", "\x00\x07", "&amp;<b>", "#REF!", "  blanks  ",
]  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE)
def test_text_from_outside_is_text_and_comes_back_whole(text):
    book = opened(Sheet("Goals", {"description": "Goal"}, [{"description": text}]))
    cell = column(book.active)[0]
    assert cell.data_type in "si"
    assert openpyxl.utils.escape.unescape(str(cell.value)) == openpyxl.utils.escape.unescape(text)
    assert cell.hyperlink is None


def test_no_part_of_the_file_holds_a_formula():
    rows = [{"description": text} for text in HOSTILE]
    with zipfile.ZipFile(io.BytesIO(workbook([Sheet("Goals", {"description": "=1"}, rows)], title="=1"))) as file:
        assert not [name for name in file.namelist() if b"<f>" in file.read(name) or b"<f " in file.read(name)]


def test_characters_that_no_workbook_may_hold_are_replaced_and_long_texts_are_cut():
    page = opened(Sheet("x", {"a": "a"}, [{"a": "\ud800\uffff!"}, {"a": "x" * 40_000}])).active
    assert column(page)[0].value == "\ufffd\ufffd!"
    assert (len(column(page)[1].value), column(page)[1].value[-1]) == (32_767, "…")


def test_enumerated_values_stand_in_words_where_people_read():
    rows = [{"unit_type": "BONUS_NIGHTS", "bucket": "over 365", "goal": "LEVEL"}]
    headers = {name: name for name in rows[0]}
    assert [cell.value for cell in opened(Sheet("x", headers, rows)).active[2]] == ["BONUS_NIGHTS", "over 365", "LEVEL"]
    words = opened(Sheet("x", headers, rows, in_words=True)).active
    assert [cell.value for cell in words[2]] == ["Bonus nights", "Over 365 days", "Level"]


# --- Sheets -----------------------------------------------------------------------------------------


def test_the_headers_stay_in_view_and_columns_fit_their_texts():
    page = opened(Sheet("x", {"guid": "User", "n": "N"}, [{"guid": "U" * 36, "n": 1}])).active
    assert page.freeze_panes == "A2"
    assert 36 < page.column_dimensions["A"].width < 42
    assert [page["A1"].alignment.horizontal, page["B1"].alignment.horizontal] == ["left", "right"]


def test_more_rows_than_a_sheet_holds_go_on_in_the_next(monkeypatch):
    monkeypatch.setattr(sheets, "MOST_ROWS", 2)
    book = opened(Sheet("Lots", {"n": "N"}, [{"n": n} for n in range(5)]))
    assert book.sheetnames == ["Lots", "Lots (2)", "Lots (3)"]
    assert [[cell.value for cell in column(book[name])] for name in book.sheetnames] == [[0, 1], [2, 3], [4]]
    assert book["Lots (2)"]["C2"].value == "Part 2 of 3: a sheet holds 2 rows."


@pytest.mark.parametrize("rows", [0, 3])
def test_the_same_sheets_give_the_same_bytes(rows, monkeypatch):
    made = [Sheet("x", {"a": "A"}, [{"a": D(n)} for n in range(rows)])]
    assert workbook(made, as_of=dt.date(2026, 11, 23)) == workbook(made, as_of=dt.date(2026, 11, 23))
    in_memory = [[cell.value for cell in row] for row in opened(*made).active]
    monkeypatch.setattr(sheets, "_CELLS_IN_MEMORY", 1)
    assert [[cell.value for cell in row] for row in opened(*made).active] == in_memory


def test_each_unit_has_a_chart_of_its_own_rows():
    rows = [
        {"unit_type": unit_type, "period": dt.date(2027, month, 1), "expiring": D(month)}
        for unit_type in ("MILES", "POINTS")
        for month in (1, 2)
    ]
    headers = {"period": "Month", "unit_type": "Unit", "expiring": "Expiring"}
    page = opened(Sheet("Timeline", headers, rows, chart=("period", "expiring"))).active
    assert [chart.series[0].val.numRef.f for chart in page._charts] == ["Timeline!$C$2:$C$3", "Timeline!$C$4:$C$5"]
