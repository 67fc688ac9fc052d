"""A report from a notebook: run with parameters, in this Python, and written whole or not at all."""

import datetime as dt
import json
import os
import signal
import subprocess
import sys
import time
from decimal import Decimal

import pytest

import rewards_analytics as ra
from rewards_analytics.reporting.notebook import running
from tests.reporting.notebooks import DATA, PRODUCT_REPORT, code, notebook, words
from tests.reporting.pages import AS_OF, read

PARAMETERS = {"source": str(DATA / "rewards.json"), "as_of": "2026-11-23", "title": "Members of <b>Sky</b> & Sea"}
REWARDS = ra.load(DATA / "rewards.json")


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    return ra.notebook_report(PRODUCT_REPORT, tmp_path_factory.mktemp("report") / "r.html", parameters=PARAMETERS)


@pytest.fixture(scope="module")
def page(report):
    return read(report)


def failing(folder, *lines, **options):
    """The error of a notebook whose last cell is these lines; nothing must have been written."""
    path = notebook(folder, words("# Why?"), code("early = 1"), code("\n".join(lines)), **options)
    with pytest.raises(ra.NotebookError) as raised:
        ra.notebook_report(path, folder / "r.html")
    assert not (folder / "r.html").exists()
    return raised.value


# --- The product report ---------------------------------------------------------------------------


def test_every_number_of_the_tables_is_that_of_the_analyses(page):
    totals = ra.totals(REWARDS)
    timeline = ra.expiring(REWARDS, as_of=AS_OF, every="quarter", until=dt.date(2028, 11, 1))
    schedule = ra.aging(REWARDS, as_of=AS_OF)
    goals = ra.distance(REWARDS)

    assert list(page.amounts("Totals per unit", 1).values()) == totals["available"].to_list()
    assert list(page.amounts("Totals per unit", 2).values()) == totals["expiring"].to_list()
    for column, unit_type in enumerate(timeline["unit_type"].unique().sort(), start=1):
        own = timeline.filter(timeline["unit_type"] == unit_type)
        assert list(page.amounts("Expiring per quarter", column).values()) == own["expiring"].to_list()
    for column, unit_type in enumerate(schedule["unit_type"].unique().sort(), start=1):
        own = schedule.filter(schedule["unit_type"] == unit_type)
        assert list(page.amounts("Aging schedule", column).values()) == own["expiring"].to_list()
    nearest = goals.filter(~goals["reached"]).head(12)
    listed = page.tables["Nearest goals not reached yet"][1:]
    assert [Decimal(row[1][0]) for row in listed] == nearest["remaining"].to_list()
    first = ra.upcoming(REWARDS, as_of=AS_OF).head(10)
    assert [Decimal(row[1][0]) for row in page.tables["Next expiries"][1:]] == first["expiring"].to_list()
    checks = ra.quality(REWARDS, as_of=AS_OF)
    found = checks.filter(checks["rewards"] > 0)["rewards"].to_list()
    assert [int(row[2]) for row in page.table("Quality checks that found something")] == found


def test_it_has_the_title_that_is_given_and_the_words_of_its_day(page):
    assert "Members of <b>Sky</b> & Sea" in page.text
    assert "As of 23 November 2026" in page.text
    assert "770,479 points, of which 88,891 (12%) expire by 20 February 2027" in page.text


def test_it_has_no_code_and_no_cell_for_those_who_adapt_it(page, report):
    assert "ra.load" not in report.read_text(encoding="utf-8")
    assert "adapt" not in page.text


def test_every_picture_has_words_made_from_the_data(page):
    alternatives = [image["alt"] for image in page.images]

    assert len(alternatives) == 6
    assert any("770,479 points available" in words for words in alternatives)
    assert "Picture without a description" not in alternatives


def test_definitions_open_without_a_script(page):
    assert "a member (a user's connection to one institution) holds" in page.text
    assert [tag for tag, _ in page.tags].count("details") == 4


def test_the_same_parameters_give_the_same_bytes(report, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    again = ra.notebook_report(PRODUCT_REPORT, "r.html", parameters=PARAMETERS)

    assert again.read_bytes() == report.read_bytes()


def test_rates_give_the_value_and_no_rewards_are_told_in_words(run, tmp_path):
    (tmp_path / "rates.csv").write_text("unit_type,rate\nMILES,0.012\n")
    options = ("--notebook", PRODUCT_REPORT, "--rates", tmp_path / "rates.csv", "--as-of", "2026-11-23")

    ended = run("report", "-", "--out", tmp_path / "r.html", *options, stdin=b"[]")

    assert (ended.status, ended.out, ended.err) == (0, f"{tmp_path / 'r.html'}\n", "")
    page = read(tmp_path / "r.html")
    assert "These rewards hold no balance and no goal." in page.text
    assert "Value in dollars, at the rates given: none." in page.text
    assert page.tables == {}


# --- Running --------------------------------------------------------------------------------------


def test_a_notebook_runs_in_this_python_in_its_folder_with_its_parameters(tmp_path, monkeypatch):
    # A kernel of the usual name that would start something else.
    decoy = tmp_path / "jupyter" / "kernels" / "python3"
    decoy.mkdir(parents=True)
    decoy.joinpath("kernel.json").write_text(
        json.dumps({"argv": ["false"], "display_name": "No", "language": "python"})
    )
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path / "jupyter"))
    path = notebook(
        tmp_path,
        code("name = 'nobody'\nunits = []\nday = None", tags=["parameters"]),
        code("import os, sys, warnings\nprint(sys.executable, os.getcwd(), name, units, day)\nwarnings.warn('Look!')"),
    )
    parameters = {"name": "A 'quoted' \\ name", "units": ["MILES", 2], "day": None}

    with pytest.warns(ra.RewardsWarning, match=r"notebook\.ipynb, code cell 2: .*UserWarning: Look!"):
        ra.notebook_report(path, tmp_path / "r.html", parameters=parameters)

    assert read(tmp_path / "r.html").text.startswith(
        f"Rewards report {sys.executable} {tmp_path} A 'quoted' \\ name ['MILES', 2] None"
    )


def test_a_cell_that_fails_is_named_with_its_error_and_the_old_report_stays(run, tmp_path):
    path = notebook(tmp_path, words("# Why?"), code("as_of = None", tags=["parameters"]), code("\n1 / 0\n"))
    (tmp_path / "r.html").write_text("old")

    ended = run("report", DATA / "rewards.json", "-o", tmp_path / "r.html", "--notebook", path, "--as-of", "2026-11-23")

    assert (ended.status, ended.out) == (2, "")
    assert "notebook.ipynb has no parameter 'source': it has as_of." in ended.err

    with pytest.raises(
        ra.NotebookError, match=r"code cell 2 failed with ZeroDivisionError.*\n  It begins: 1 / 0\n"
    ) as e:
        ra.notebook_report(path, tmp_path / "r.html", parameters={"as_of": "2026-11-23"})
    assert e.value.cell == 2
    assert (tmp_path / "r.html").read_text() == "old"
    assert sorted(each.name for each in tmp_path.iterdir()) == ["notebook.ipynb", "r.html"]


def test_a_process_that_ends_is_named_with_its_cell(tmp_path):
    assert "code cell 2 failed with the death of its Python process" in str(
        failing(tmp_path, "import os", "os._exit(7)")
    )


def test_a_cell_that_never_ends_is_stopped(tmp_path, monkeypatch):
    monkeypatch.setattr(running, "CELL_TIMEOUT_S", 3)

    assert "code cell 2 failed with no answer within 3 seconds" in str(
        failing(tmp_path, "import time", "time.sleep(99)")
    )


def test_an_interrupt_ends_the_kernel_and_writes_nothing(tmp_path):
    begun = "import os, pathlib, time\npathlib.Path('pid').write_text(str(os.getpid()))\ntime.sleep(99)"
    path = notebook(tmp_path, code("source = ''", tags=["parameters"]), code(begun))
    command = [sys.executable, "-m", "rewards_analytics", "report", "rewards.json", "-o", "r.html", "--notebook", path]
    run = subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    while not (tmp_path / "pid").exists() and run.poll() is None:
        time.sleep(0.05)

    run.send_signal(signal.SIGINT)
    said, _ = run.communicate(timeout=60)

    assert run.returncode == 130, said
    assert "Traceback" not in said
    assert sorted(each.name for each in tmp_path.iterdir()) == ["notebook.ipynb", "pid"]
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "pid").read_text()), 0)


# --- Mistakes that are reported before anything runs ----------------------------------------------


@pytest.mark.parametrize(
    ("option", "said"),
    [
        (
            ["--parameter", "titel=Ours"],
            "product_report.ipynb has no parameter 'titel': it has source, as_of, title, rates.",
        ),
        (["--parameter", "title"], "--parameter 'title' is not of the form NAME=VALUE."),
        (["--by", "user_guid"], "--by and --notebook cannot be combined: choose one"),
        (["--engine", "polars"], "--notebook and --engine cannot be combined: choose one"),
    ],
)
def test_what_a_notebook_does_not_know_is_wrong_usage(run, tmp_path, option, said):
    ended = run("report", DATA / "rewards.json", "--out", tmp_path / "r.html", "--notebook", PRODUCT_REPORT, *option)

    assert (ended.status, ended.out) == (2, "")
    assert said in ended.err
    assert list(tmp_path.iterdir()) == []


def test_a_notebook_with_such_a_parameter_gets_the_members_that_a_pull_has_left(run, tmp_path):
    pulled = tmp_path / "pulled"
    pulled.mkdir()
    ra.write(REWARDS, pulled / "part-00000.parquet")
    (pulled / "_members.parquet").touch()
    cells = [code("source = None\nfreshness = None", tags=["parameters"]), code("print(f'Members: {freshness}.')")]
    own = notebook(tmp_path, words("# How fresh?"), *cells)

    for name, source in {"1.html": pulled, "2.html": pulled / "part-00000.parquet"}.items():
        assert run("report", source, "-o", tmp_path / name, "--notebook", own).status == 0

    assert f"Members: {pulled / '_members.parquet'}." in read(tmp_path / "1.html").text
    assert "Members: None." in read(tmp_path / "2.html").text


def test_a_parameter_without_a_notebook_is_wrong_usage(run, tmp_path):
    ended = run("report", DATA / "rewards.json", "--out", tmp_path / "r.html", "-p", "title=Ours")

    assert ended.status == 2
    assert "name the notebook with --notebook" in ended.err


def test_a_notebook_without_a_cell_of_parameters_says_so(tmp_path):
    with pytest.raises(ra.ArgumentError, match="has no parameter 'title': it has no cell tagged 'parameters'"):
        ra.notebook_report(notebook(tmp_path, code("1")), tmp_path / "r.html", parameters={"title": "x"})


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (None, "No such file or directory"),
        ("<html>", "It is not a notebook"),
        ("{}", "It is not a notebook"),
        ("\xff", "It is not a notebook"),
        ("[1]", "It is not a notebook"),
        ('{"nbformat": 4, "metadata": {}, "cells": 1}', "It is not a notebook"),
    ],
)
def test_what_is_no_notebook_is_named(tmp_path, content, reason):
    path = tmp_path / "n.ipynb"
    if content is not None:
        path.write_text(content, encoding="latin-1")

    with pytest.raises(ra.NotebookError, match=rf"Cannot read the notebook .*n\.ipynb: {reason}"):
        ra.notebook_report(path, tmp_path / "r.html")


def test_a_notebook_in_another_language_is_not_run(tmp_path):
    path = notebook(tmp_path, code("1"), kernelspec={"name": "ir", "display_name": "R", "language": "R"})

    with pytest.raises(ra.NotebookError, match="Its language is R, and only Python notebooks are run"):
        ra.notebook_report(path, tmp_path / "r.html")


def test_a_place_that_cannot_be_written_is_told_before_the_notebook_runs(tmp_path):
    with pytest.raises(ra.RewardsError, match="it is a folder"):
        ra.notebook_report(notebook(tmp_path, code("1 / 0")), tmp_path)


def test_a_missing_package_is_named_with_its_extra(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "rewards_analytics.reporting.notebook.running", None)
    for name in [name for name in sys.modules if name.startswith("papermill")]:
        monkeypatch.setitem(sys.modules, name, None)
    monkeypatch.delitem(sys.modules, "rewards_analytics.reporting.notebook.running")

    with pytest.raises(ra.MissingDependencyError, match=r"papermill.* is not installed: pip install .*\[notebook\]"):
        ra.notebook_report(PRODUCT_REPORT, tmp_path / "r.html")
