"""Text files as other programs leave them: encodings, formats under a wrong name, and the habits of spreadsheets.

Rewards and rates are both read from such files, and both refuse what is not UTF-8 text in the same words.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from typing import Final

from rewards_analytics.errors import SourceError

BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"
LONGEST_RECORD: Final = 64 << 20

_MARKS: Final = {
    b"\xff\xfe\0\0": "UTF-32",
    b"\0\0\xfe\xff": "UTF-32",
    b"\xff\xfe": "UTF-16",
    b"\xfe\xff": "UTF-16",
}
"""Byte order marks; those of UTF-32 come first, because they begin like those of UTF-16."""

_ZEROS: Final[dict[tuple[bool, ...], str]] = {
    (False, True, False, True): "UTF-16",
    (True, False, True, False): "UTF-16",
    (False, True, True, True): "UTF-32",
    (True, True, True, False): "UTF-32",
}
"""Which of the first four bytes are zero, where a text without a mark begins with ASCII."""

IN_EXCEL: Final = " (in Excel: 'CSV UTF-8')"
_SHEET: Final = "Save the sheet as CSV in UTF-8 (in Excel: 'CSV UTF-8') and load that."
_FORMATS: Final = {
    b"PK\x03\x04": f"a zip archive, as an Excel workbook (.xlsx) is. {_SHEET} Unpack any other archive first.",
    b"\xd0\xcf\x11\xe0": f"a workbook of an older Excel (.xls). {_SHEET}",
    b"\x1f\x8b": "compressed with gzip twice. Decompress it once.",
    b"BZh": "compressed with bzip2. Decompress it first, or compress it with gzip or zstd.",
    b"\xfd7zXZ\0": "compressed with xz. Decompress it first, or compress it with gzip or zstd.",
    b"7z\xbc\xaf": "a 7-Zip archive. Unpack it first.",
    b"ARROW1": "an Arrow file. Read it with pyarrow.ipc and load the table.",
    b"Obj\x01": "an Avro file. Convert it to Parquet first.",
    b"ORC": "an ORC file. Read it with pyarrow.orc and load the table.",
    b"SQLite format 3\0": "a SQLite database. Export the table as CSV or NDJSON.",
    b"%PDF": "a PDF document. Export the data as CSV or JSON.",
}

_JSON: Final = (b'{"', b"[{", b"{\n", b"[\n")
_SEPARATOR_LINE: Final = re.compile(rb'"?sep=.?"?\s*', re.IGNORECASE)
_SHOWN: Final = 20

csv.field_size_limit(max(csv.field_size_limit(), LONGEST_RECORD))  # its default is 128 KB a cell


def refuse_other_formats(start: bytes, label: str) -> None:
    """Refuse a file whose first bytes are those of another encoding than UTF-8, or of a format that is not text."""
    if start.startswith(_JSON):
        return  # seen at once, since a folder may have thousands of small documents
    encoding = next((name for mark, name in _MARKS.items() if start.startswith(mark)), None)
    encoding = encoding or _ZEROS.get(tuple(byte == 0 for byte in start[:4]))
    if encoding:
        raise SourceError(f"{label} is written in {encoding}. Save it in UTF-8.")
    for magic, what in _FORMATS.items():
        if start.startswith(magic):
            raise SourceError(f"{label} is {what}")


def require_utf8(raw: bytes, first: int, label: str, hint: str = "") -> None:
    """Refuse bytes that are not UTF-8. `first` is the number of their first line; `hint` says how to save as UTF-8."""
    if raw.isascii():
        return
    try:
        raw.decode()
    except UnicodeDecodeError as error:
        start = raw.rfind(b"\n", 0, error.start) + 1
        line, column = first + raw.count(b"\n", 0, start), len(raw[start : error.start].decode()) + 1
        around = raw[max(start, error.start - _SHOWN) : error.start + _SHOWN].splitlines()[0]
        raise SourceError(
            f"{label}, line {line}, column {column}: the byte 0x{raw[error.start]:02X} is not UTF-8 (read as "
            f"Windows-1252, the text there is {around.decode('cp1252', 'replace')!r}). Save the file in UTF-8{hint}."
        ) from None


# --- CSV --------------------------------------------------------------------------------------------


def csv_table(raw: bytes, label: str) -> tuple[list[str], Iterator[tuple[list[str] | None, int]]]:
    r"""The header of a CSV file, and its records with the line that each begins on; None for one that is not CSV.

    >>> header, records = csv_table(b"sep=, unit_type,rate MILES,0.0125 ,".replace(b" ", bytes([13, 10])), "rates.csv")
    >>> header, list(records)
    (['unit_type', 'rate'], [(['MILES', '0.0125'], 3)])
    """
    refuse_other_formats(raw, label)
    require_utf8(raw, 1, label, IN_EXCEL)
    header, rest, line = csv_header(raw.removeprefix(BYTE_ORDER_MARK), label)
    return header, csv_records(rest, line)


def csv_header(raw: bytes, label: str) -> tuple[list[str], bytes, int]:
    """The header, the bytes after it, and the number of the line after it.

    Skips empty rows before it, and the line `sep=,` that names the separator for Excel.
    """
    rest, number, header = raw, 0, list[str]()
    while rest and not any(cell.strip() for cell in header):
        line, _, rest = rest.partition(b"\n")
        number += 1
        require_utf8(line, number, label, IN_EXCEL)
        if b"\r" in line.rstrip(b"\r"):
            raise SourceError(
                f"{label}, line {number}: a carriage return (CR) alone ends the line. Save the file with line ends "
                "LF or CRLF (in Excel: 'CSV UTF-8', not 'CSV (Macintosh)')."
            )
        if _SEPARATOR_LINE.fullmatch(line):
            continue
        try:
            header = next(csv.reader([line.decode().rstrip("\r")]), [])
        except csv.Error as error:
            raise SourceError(f"{label}:{number}: the header is not CSV: {error}.") from error
    if len(header) < 2 and (found := next((mark for mark in ";\t|" if any(mark in cell for cell in header)), None)):
        raise SourceError(f"{label} is separated by {found!r}. Save it as CSV separated by commas.")
    return header, rest, number + 1


def csv_records(raw: bytes, first: int) -> Iterator[tuple[list[str] | None, int]]:
    """Each record that has content, with the line that it begins on; None for a record that is not CSV.

    Bytes that are not UTF-8 become lone surrogates.
    """
    text = raw.decode(errors="surrogateescape")
    reader = csv.reader(line + "\n" for line in text.split("\n"))
    while True:
        line = first + reader.line_num
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error:
            yield None, line
            continue
        if any(map(str.strip, cells)):
            yield cells, line
