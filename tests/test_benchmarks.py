"""The benchmarks: what README shows is what was stored, and a comparison finds what became slower."""

import json
import subprocess
import sys
from copy import deepcopy

import polars as pl
import pytest

from tests.benchmarks import results
from tests.benchmarks.analysis import QUESTIONS, check_equal
from tests.benchmarks.peers import HAND_WRITTEN, OURS, PEERS, QUESTIONS as ASKED

ROOT = results.README.parent


def command(*arguments):
    run = [sys.executable, "-W", "ignore", "-m", "tests.benchmarks", *map(str, arguments)]
    return subprocess.run(run, cwd=ROOT, capture_output=True, text=True, check=False)


def seconds(*ours, hand=(1.0, 1.0, 1.0)):
    """Results of one question on Polars."""
    cost = {"peak_mb": [100]}
    runs = {
        "ours on polars": {"totals": {"seconds": [*ours]} | cost},
        "Polars": {"totals": {"seconds": [*hand]} | cost},
    }
    return {"rewards": 1_000_000, "runs": runs}


# --- What is stored ---------------------------------------------------------------------------------


def test_the_table_of_the_readme_is_that_of_the_stored_results():
    readme = results.README.read_text(encoding="utf-8")

    assert results.with_table(readme, results.read(results.SHOWN)) == readme


def test_the_picture_of_the_readme_is_that_of_the_stored_results(tmp_path):
    results.picture(results.read(results.SHOWN), tmp_path / "10M.svg")

    assert (tmp_path / "10M.svg").read_text() == results.SHOWN.with_suffix(".svg").read_text()
    assert f"]({results.SHOWN.with_suffix('.svg').relative_to(ROOT)})" in results.README.read_text(encoding="utf-8")


def test_the_stored_results_have_every_question_of_ours_and_of_those_written_by_hand():
    stored = results.read(results.SHOWN)

    assert stored["rewards"] == 10_000_000
    assert {f"ours on {engine}" for engine in HAND_WRITTEN} | {*HAND_WRITTEN.values()} <= stored["runs"].keys()
    for runs in stored["runs"].values():
        assert [*runs] == [*QUESTIONS]
        assert all(len(cost["seconds"]) == len(cost["peak_mb"]) >= 1 for cost in runs.values())


def test_a_changed_number_in_the_stored_results_changes_the_table():
    stored = results.read(results.SHOWN)
    other = deepcopy(stored)
    other["runs"]["Polars"]["totals"]["seconds"] = [99.5]

    assert results.table(stored) != results.table(other)
    assert "| 100 s, " in results.table(other) or "99" in results.table(other)


def test_results_that_are_stored_are_read_again(tmp_path):
    stored = results.read(results.SHOWN)

    assert results.read(results.store(stored, tmp_path)) == stored
    assert [path.name for path in sorted(tmp_path.iterdir())] == ["10M.json", "10M.svg"]


# --- The comparison ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("now", "is_slower"),
    [
        ((1.0, 1.1, 0.9), False),
        ((1.3, 1.4, 1.2), False),  # one run is within the noise of the stored ones
        ((1.6, 1.7, 1.5), True),
    ],
)
def test_slower_is_what_took_longer_in_every_run_by_more_than_the_threshold(now, is_slower):
    found = [*results.slower(seconds(*now), seconds(1.0, 1.1, 0.9), threshold=0.25)]

    assert [line.partition(":")[0] for line in found] == ["ours on polars, totals"] * is_slower


def test_a_slower_machine_is_not_a_slower_program():
    assert [*results.slower(seconds(3.0, 3.3, 2.7, hand=(3.0, 3.0, 3.0)), seconds(1.0, 1.1, 0.9))] == []


def test_a_question_without_stored_results_is_not_compared():
    assert [*results.slower(seconds(9.0, 9.0, 9.0), {"rewards": 1, "runs": {}})] == []


# --- A run ------------------------------------------------------------------------------------------


def test_the_questions_are_the_same_everywhere():
    assert QUESTIONS == ASKED
    assert PEERS.keys() == {f"ours on {engine}" for engine in OURS} | {*HAND_WRITTEN.values()}


def test_a_run_measures_stores_and_compares(tmp_path):
    few = ["--rewards", 3_000, "--repeats", 2, "--questions", "totals", "bands", "--engines", "polars", "duckdb"]

    first = command(*few, "--out", tmp_path)

    assert first.returncode == 0, first.stdout + first.stderr
    assert "Equal answers: ours on polars, ours on duckdb, Polars, DuckDB SQL" in first.stdout
    stored = json.loads((tmp_path / "3,000.json").read_text())
    assert [*stored["runs"]] == ["ours on polars", "ours on duckdb", "Polars", "DuckDB SQL"]
    assert len(stored["runs"]["Polars"]["bands"]["seconds"]) == 2
    assert stored["runs"]["Polars"]["bands"]["peak_mb"][0] > 20
    assert stored["rates"]["generate_per_s"] > 0

    for costs in stored["runs"]["ours on polars"].values():
        costs["seconds"] = [1e-6, 1e-6]
    (tmp_path / "fast.json").write_text(json.dumps(stored))
    again = command(*few, "--out", tmp_path / "again", "--compare", tmp_path / "fast.json")
    assert again.returncode == 1
    assert "Slower than before:" in again.stdout
    assert "\nours on polars, bands: " in again.stdout


@pytest.mark.parametrize("part", ["loading", "history", "report", "explore"])
def test_a_part_is_run_by_its_name(part):
    run = command(part, "--help")

    assert run.returncode == 0, run.stderr
    assert f"tests.benchmarks.{part}" in run.stdout or "usage:" in run.stdout


def test_another_answer_ends_the_run(tmp_path):
    right = pl.DataFrame({"unit_type": ["MILES"], "available": ["1.000000001"]}).cast({"available": pl.Decimal(38, 9)})
    wrong = pl.DataFrame({"unit_type": ["MILES"], "available": ["1.000000002"]}).cast({"available": pl.Decimal(38, 9)})
    for peer, answer in {
        "ours on polars": right,
        "Polars": wrong,
        "pandas": wrong.cast({"available": pl.Float64}),
    }.items():
        answer.write_parquet(tmp_path / f"{peer}-totals.parquet")

    with pytest.raises(AssertionError):
        check_equal(tmp_path, ["ours on polars", "Polars"], ["totals"])
    check_equal(tmp_path, ["ours on polars", "pandas"], ["totals"])  # floats, to nine digits
