"""The stored report of mutation testing is in line with the tree; `python -m tests.mutation` makes it anew."""

import json
import tomllib
from pathlib import Path

import pytest

from tests.mutation.rooms import NOT_KILLED, ROOMS, UNMUTATED

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "rewards_analytics"
REPORT = json.loads((ROOT / ".github/mutation.json").read_text(encoding="utf-8"))
EQUIVALENTS = tomllib.loads((ROOT / "tests/mutation/equivalents.toml").read_text(encoding="utf-8"))


def test_every_module_of_the_analyses_and_the_history_is_mutated_or_has_nothing_to_mutate():
    modules = {path for room in ("analysis", "history") for path in (PACKAGE / room).rglob("*.py")}

    named = {path.relative_to(PACKAGE).as_posix() for path in modules}
    assert named - ROOMS.keys() - UNMUTATED == set()
    assert [name for name in (*ROOMS, *UNMUTATED) if not (PACKAGE / name).exists()] == []


@pytest.mark.parametrize("room", ROOMS)
def test_the_tests_of_a_room_exist(room):
    assert [name for name in ROOMS[room] if not (ROOT / name.partition("::")[0]).exists()] == []


def test_every_room_was_run():
    assert (sorted(REPORT["rooms"]), REPORT["not_run"]) == (sorted(ROOMS), [])


@pytest.mark.parametrize("room", REPORT["rooms"])
def test_each_mutant_is_killed_or_listed_with_the_reason_why_it_is_equivalent(room):
    survivors = [each for each in REPORT["survivors"] if each["where"].rpartition(":")[0] == room]

    counts = REPORT["rooms"][room]
    assert [each for each in survivors if each["reason"] in ("", NOT_KILLED)] == []
    assert (counts["mutants"], counts["equivalent"]) == (counts["killed"] + len(survivors), len(survivors))


@pytest.mark.parametrize("room", EQUIVALENTS)
def test_the_lines_of_equivalent_mutants_are_in_their_module(room):
    source = " ".join((PACKAGE / room).read_text(encoding="utf-8").split())

    assert [each["before"] for each in EQUIVALENTS[room] if " ".join(each["before"].split()) not in source] == []
