"""Files as LibreOffice opens them: the text of each cell, and what it takes for a formula."""

import shutil
import subprocess
from xml.etree import ElementTree

import pytest

_TABLE = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
_TEXT = "{urn:oasis:names:tc:opendocument:xmlns:text:1.0}"

# Comma, quote, UTF-8, from the first line; formulas are run where a cell holds one.
_AS_CSV = "CSV:44,34,76,1,,0,false,true,false,false,false,-1,true"


def opened(files, folder):
    """Open CSV files, by name, in one run; return the cells and the formulas of each."""
    program = shutil.which("soffice")
    if program is None:
        pytest.skip("LibreOffice is missing: apt-get install libreoffice-calc")
    for name, content in files.items():
        (folder / f"{name}.csv").write_bytes(content)
    command = [program, f"-env:UserInstallation={(folder / 'profile').as_uri()}", "--headless", "--convert-to", "fods"]
    command += [f"--infilter={_AS_CSV}", "--outdir", folder, *(folder / f"{name}.csv" for name in files)]
    subprocess.run(command, check=True, capture_output=True, timeout=120)
    return {name: _read(_converted(folder, name)) for name in files}


def _converted(folder, name):
    (path,) = folder.glob(f"{name}*.fods")
    return ElementTree.parse(path)


def _read(sheet):
    cells = list(sheet.iter(f"{_TABLE}table-cell"))
    formulas = [cell.get(f"{_TABLE}formula") for cell in cells if cell.get(f"{_TABLE}formula")]
    return ["\n".join(map(_line, cell.iter(f"{_TEXT}p"))) for cell in cells], formulas


def _line(paragraph):
    parts = [paragraph.text or ""]
    for mark in paragraph:
        blank = {f"{_TEXT}s": " " * int(mark.get(f"{_TEXT}c", "1")), f"{_TEXT}tab": "\t"}.get(mark.tag)
        parts += [_line(mark) if blank is None else blank, mark.tail or ""]
    return "".join(parts)
