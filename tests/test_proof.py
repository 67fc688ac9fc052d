"""The numbers of the page on testing are what the tests did, and the page shows what is stored."""

import json
import os
import subprocess
import sys
from copy import deepcopy
from pathlib import Path

import pytest

from tests import proof

ROOT = Path(__file__).parents[1]

CONFTEST = """
from hypothesis import settings
from tests import proof
settings.register_profile("seven", max_examples=7, derandomize=True, database=None)
settings.load_profile("seven")
def pytest_configure(config):
    config.addinivalue_line("markers", "oracle: compares with plain arithmetic")
    proof.register(config)
"""
TESTS = """
import pytest
from hypothesis import assume, given, strategies as st
from tests import proof

@pytest.mark.oracle
@pytest.mark.parametrize("kind", ["polars", "duckdb"])
@given(number=st.integers())
def test_of_an_oracle(kind, number):
    pass

@pytest.mark.oracle("dask")
@given(number=st.integers())
def test_of_an_oracle_on_one_kind(number):
    pass

@pytest.mark.parametrize("engine", ["polars", "a thing"])
def test_of_an_engine(engine):
    proof.count("crash points", 3)

@given(number=st.integers(-1000, 1000))
def test_of_which_some_examples_do_not_count(number):
    assume(number % 2 == 0)

def test_that_fails():
    proof.count("crash points", 1000)
    assert False

def test_that_is_skipped():
    pytest.skip("why not")
"""


@pytest.mark.parametrize("processes", [0, 2])
def test_what_passed_is_counted_in_all_processes(tmp_path, processes):
    room = tmp_path / "tests" / "some room"
    room.mkdir(parents=True)
    (tmp_path / "conftest.py").write_text(CONFTEST)
    (tmp_path / "tests" / "test_one.py").write_text("def test_one():\n    pass\n")
    (room / "test_all.py").write_text(TESTS)
    environment = os.environ | {"PROOF": str(tmp_path / "proof.json"), "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "pytest", "--import-mode=importlib", "-q", "-n", str(processes), "tests"]

    run = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)

    assert "1 failed, 7 passed, 1 skipped" in run.stdout, run.stdout
    assert json.loads((tmp_path / "proof.json").read_text()) == {
        "passed": {"some room": 6, "whole project": 1},
        "examples": {"some room": 28},
        "engines": {"dask": 1, "duckdb": 1, "polars": 2},
        "oracle": {"dask": 7, "duckdb": 7, "polars": 7},
        "tried": {"crash points": 6},
        "ended": {"failed": 1, "skipped": 1},
    }


def test_a_run_measures_branches_and_stores_what_was_done(tmp_path):
    command = [sys.executable, "-m", "tests.proof", "-n", "0", "--inputs", "20", "--out", tmp_path / "proof.json"]

    run = subprocess.run([*command, "tests/test_terminal.py"], cwd=ROOT, capture_output=True, text=True, check=False)

    assert run.returncode == 0, run.stdout + run.stderr
    found = json.loads((tmp_path / "proof.json").read_text())
    assert found["tests"]["passed"].keys() == {"whole project"}
    assert found["tests"]["examples"]["whole project"] >= 40
    assert found["coverage"].keys() >= {"analysis", "loading", "single modules"}
    assert 0 < found["coverage"]["single modules"]["covered_branches"] < found["coverage"]["single modules"]["branches"]
    ends = found["fuzzing"]["ends"]
    assert found["fuzzing"]["inputs"] == 20
    assert sum(count for end, count in ends.items() if end != "a fault at its place") == 20


def test_numbers_of_further_tests_are_added_to_those_that_are_stored(tmp_path):
    stored = tmp_path / "proof.json"
    tests = {"passed": {"show": 5, "whole project": 2}, "examples": {}, "engines": {}, "oracle": {}}
    tests |= {"tried": {"crash points": 3}, "ended": {"skipped": 1}}
    kept = {"on": "2026-11-27", "coverage": {"show": {"branches": 4}}, "fuzzing": {"inputs": 20, "ends": {}}}
    stored.write_text(json.dumps(kept | {"minutes": 7.0, "marks": ["not slow"], "tests": tests}))
    command = [sys.executable, "-m", "tests.proof", "-n", "0", "-m", "not spark", "--add", "--out", stored]

    run = subprocess.run([*command, "tests/test_terminal.py"], cwd=ROOT, capture_output=True, text=True, check=False)

    assert run.returncode == 0, run.stdout + run.stderr
    found = json.loads(stored.read_text())
    assert found | kept == found
    assert found["marks"] == ["not slow", "not spark"]
    assert found["minutes"] >= 7
    assert found["tests"]["passed"].keys() == {"show", "whole project"}
    assert (found["tests"]["passed"]["show"], found["tests"]["tried"]["crash points"]) == (5, 3)
    assert found["tests"]["passed"]["whole project"] > 2


@pytest.fixture
def testing(monkeypatch):
    """The module that writes the numbers of the page."""
    pytest.importorskip("sphinx", reason='Sphinx is missing: pip install "rewards-analytics[docs]"')
    monkeypatch.syspath_prepend(ROOT / ".docs")
    from site_pages import testing

    return testing


def test_the_page_shows_the_numbers_that_are_stored(testing):
    stored = json.loads(proof.STORED.read_text(encoding="utf-8"))
    other = deepcopy(stored)
    other["tests"]["oracle"]["polars"] = 1_234_567
    other["coverage"] = {"analysis": {"branches": 300, "covered_branches": 200, "lines": 900, "covered_lines": 900}}

    other["marks"] = ["not spark", "spark"]
    assert f"Counted on {stored['on']}" in testing.proof(stored)
    assert 'The tests of `-m "not spark"`, and then those of `-m "spark"` ran.' in testing.proof(other)
    assert "that the first of these tests run through" in testing.proof(other)
    assert f"{stored['fuzzing']['inputs']:,} | damaged files" in testing.proof(stored)
    assert "Polars 1,234,567" in testing.proof(other)
    assert "| analysis | 300 | 66.6 % | 900 | 100.0 % |" in testing.proof(other)


def test_the_page_shows_ratios_of_the_stored_benchmarks(testing):
    def costs(*seconds):
        return {"totals": {"seconds": [*seconds], "peak_mb": [1]}}

    machine = {
        "cpu": "A CPU",
        "cores": 2,
        "memory_gb": 8,
        "system": "Linux",
        "python": "3.11",
        "libraries": {"polars": "2"},
    }
    ours = {f"ours on {engine}": costs(1.0, 3.0, 2.0) for engine in testing.PEERS}
    stored = {"rewards": 1000, "on": "2026-11-27", "machine": machine, "runs": ours | {"Polars": costs(4.0)}}
    stored["runs"] |= {"DuckDB SQL": costs(2.0), "Spark SQL": costs(0.5)}

    assert "| `totals` | 0.50 | 1.00 | 4.00 |" in testing.speed(stored)
    assert "2 cores of A CPU with 8 GB (Linux, Python 3.11, polars 2)" in testing.speed(stored)


def test_the_page_shows_the_mutants_if_there_is_a_report(testing, tmp_path):
    rooms = {
        "analysis": {"mutants": 200, "killed": 190, "equivalent": 6},
        "history": {"mutants": 100, "killed": 99, "equivalent": 1},
    }
    survivor = {"where": "analysis/bands.py:7", "mutant": "a | b → a & b", "reason": "both\nare the same"}

    shown = testing.mutation({"on": "2026-11-27", "rooms": rooms, "survivors": [survivor]})

    assert "| analysis | 200 | 190 | 6 | 97.9 % |" in shown
    assert "| **all** | 300 | 289 | 7 | 98.6 % |" in shown
    assert "| `analysis/bands.py:7` | ``a \\| b → a & b`` | both are the same |" in shown
