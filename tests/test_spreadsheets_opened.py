"""Every CSV that the product writes, opened in LibreOffice: no formula runs, and no text is lost."""

import datetime as dt
import re
from base64 import b64decode
from html import unescape

import pytest
from typer.testing import CliRunner

import rewards_analytics as ra
from rewards_analytics import show
from rewards_analytics.cli.app import app
from tests import frames
from tests.libreoffice import opened
from tests.widgets.pages import links

pytestmark = pytest.mark.filterwarnings("ignore:Values that are not documented")

AS_OF = dt.date(2026, 11, 23)
HOSTILE = [
    "=1+1",
    "+1+1",
    "-1+1",
    "@SUM(1)",
    "\t=1+1",
    "x\r=1+1",
    "x\n=1+1",
    "x\r\n=1+1",
    "\r=1+1",
    "\uff1d1+1",
    "\u3000=1+1",
    "\xa0=1+1",
    "\ufeff=1+1",
    " =1+1",
    "'=1+1",
    '=HYPERLINK("x,y")',
    'say "=1+1", then',
]


def rewards():
    rows = []
    for text in HOSTILE:
        own = {"user_guid": text, "member_guid": text, "account_guid": text}
        rows += [
            frames.total("MILES", "-5", guid=f"{text}1", description=text, **own),
            frames.lot("MILES", "1", "2026-12-01", guid=f"{text}2", description=text, **own),
            frames.to_level("MILES", "7", guid=f"{text}3", description=text, **own),
        ]
    rows.append(frames.total("=1+1", "2", guid="RWD-unit"))
    return frames.polars_frame(frames.table(rows))


def of_page(html):
    """The downloads of a page, by their names without what a path cannot hold."""
    links = re.findall(r'<a download="([^"]*)\.csv" href="data:text/csv[^,]*,([^"]*)"', html)
    return {re.sub(r"\W+", "-", unescape(name)): b64decode(content) for name, content in links}


def run(*command):
    ended = CliRunner().invoke(app, [str(part) for part in command])
    assert ended.exit_code == 0, ended.output


def of_reports(folder):
    ra.report(rewards(), folder / "report.html", as_of=AS_OF, rates={"MILES": "0.01", "=1+1": "1"})
    batch = folder / "batch"
    source = ra.write(rewards(), folder / "rewards.parquet")
    run("report", source, "--by", "user_guid", "--out", batch, "--as-of", "2026-11-23")
    return of_page((folder / "report.html").read_text()), of_page((batch / "index.html").read_text())


def of_commands(folder):
    source = ra.write(rewards(), folder / "rewards.parquet")
    made = {}
    for name, *options in (["holdings"], ["distance"], ["totals", "--by", "user_guid"], ["quality"], ["convert"]):
        path = folder / f"{name}.out.csv"
        form = [] if name == "convert" else ["--format", "csv"]
        run(name, source, *options, *form, "--out", path)
        made[name] = path.read_bytes()
    return made


def of_dashboard():
    dashboard, made = ra.explore(rewards(), as_of=AS_OF), {}
    for tab in ("totals", "expiring", "distance", "quality"):
        made |= of_page(links(dashboard, tab))
    return made


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("written")
    report, index = of_reports(folder)
    table = of_page(
        show.table(rewards().select("description", "guid"), "=1+1", {"description": "=1+1", "guid": "-"}).html
    )
    places = {"report": report, "index": index, "commands": of_commands(folder), "dashboard": of_dashboard()}
    made = {f"{place}-{name}": content for place, found in places.items() for name, content in found.items()}
    return made | {"table": next(iter(table.values())), "write": ra.write(rewards(), folder / "w.csv").read_bytes()}


def test_no_formula_runs_and_no_text_is_lost(files, tmp_path):
    found = opened(files, tmp_path)

    assert len(found) >= 20
    assert {name: formulas for name, (_, formulas) in found.items() if formulas} == {}
    of_commands = ("commands-holdings", "commands-distance")
    for name in ("write", "table", *of_commands, f"dashboard-distance_{AS_OF}", "index-reports"):
        cells = {cell.removeprefix("'") for cell in found[name][0]}
        assert [text for text in HOSTILE if text.replace("\r\n", "\n").replace("\r", "\n") not in cells] == [], name
