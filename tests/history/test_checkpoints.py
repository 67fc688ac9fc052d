"""A broken checkpoint is made again from the commits; where they do not suffice, the table stays as it is."""

import json
import shutil

import polars as pl
import pytest
from deltalake import DeltaTable
from deltalake.exceptions import DeltaError

import rewards_analytics as ra
from rewards_analytics.history import checkpoints
from tests.history.conftest import day, reward

LAST = "00000000000000000019.checkpoint.parquet"


@pytest.fixture(scope="module")
def intact(tmp_path_factory):
    """The folder of a history of 23 days, with checkpoints after the commits 10 and 20."""
    folder = tmp_path_factory.mktemp("intact")
    history = ra.History(folder)
    for number in range(1, 24):
        history.append([reward(balance=str(number))], day(number))
    assert (folder / "_delta_log" / LAST).exists()
    return folder


@pytest.fixture
def folder(intact, tmp_path):
    return shutil.copytree(intact, tmp_path / "history")


def damage_missing(log):
    (log / LAST).unlink()


def damage_empty(log):
    (log / LAST).write_bytes(b"")


def damage_cut(log):
    (log / LAST).write_bytes((log / LAST).read_bytes()[:2000])


def damage_flipped(log):
    data = bytearray((log / LAST).read_bytes())
    data[100:900] = bytes(byte ^ 0xFF for byte in data[100:900])
    (log / LAST).write_bytes(data)


def damage_every_one(log):
    for path in log.glob("*.checkpoint.parquet"):
        path.write_bytes(b"PAR1")


def damage_hint(log):
    (log / "_last_checkpoint").write_text(json.dumps({"version": 22, "size": 3}))


DAMAGES = [damage_missing, damage_empty, damage_cut, damage_flipped, damage_every_one, damage_hint]


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_broken_checkpoint_is_repaired(folder, damage):
    damage(folder / "_delta_log")
    with pytest.raises(DeltaError):
        DeltaTable(folder)

    assert ra.History(folder).dates() == [day(number) for number in range(1, 24)]

    # Others read the table again, by a new checkpoint.
    assert pl.scan_delta(str(folder)).select("balance").collect()["balance"].sum() == 23 * 24 // 2
    assert json.loads((folder / "_delta_log" / "_last_checkpoint").read_text())["version"] == 23


@pytest.mark.parametrize("damage", DAMAGES)
def test_appending_repairs_a_broken_checkpoint(folder, damage):
    damage(folder / "_delta_log")

    ra.History(folder).append([reward()], day(24))

    assert DeltaTable(folder).version() == 24
    assert len(ra.History(folder).dates()) == 24


def files_below(folder):
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("lost", [0, 7, 19])
def test_a_checkpoint_is_not_repaired_where_a_commit_is_missing(folder, lost):
    damage_cut(folder / "_delta_log")
    (folder / "_delta_log" / f"{lost:020}.json").unlink()
    before = files_below(folder)

    with pytest.raises(ra.SourceError, match=r"cannot be read.*A checkpoint is broken, and commits to make it again"):
        ra.History(folder).dates()
    assert files_below(folder) == before


@pytest.mark.parametrize("first_lost", [18, 19])
@pytest.mark.parametrize("knows", ["checkpoint", "hint"])
def test_a_checkpoint_is_not_repaired_where_it_knows_more_than_the_commits(folder, knows, first_lost):
    """The checkpoint is that of the commits up to 19."""
    damage_cut(folder / "_delta_log")
    if knows == "hint":
        (folder / "_delta_log" / LAST).unlink()
    for lost in range(first_lost, 24):
        (folder / "_delta_log" / f"{lost:020}.json").unlink()
    before = files_below(folder)

    with pytest.raises(ra.SourceError, match=r"commits to make it again are missing. Restore _delta_log from a backup"):
        ra.History(folder).append([reward()], day(24))
    assert files_below(folder) == before


@pytest.mark.parametrize("number", [5, 23])
def test_a_checkpoint_is_not_repaired_where_a_commit_is_damaged(folder, number):
    damage_cut(folder / "_delta_log")
    path = folder / "_delta_log" / f"{number:020}.json"
    path.write_bytes(path.read_bytes()[:100])
    before = files_below(folder)

    with pytest.raises(ra.SourceError, match=r"A commit of the table is damaged, not only a checkpoint. Restore its"):
        ra.History(folder).scan()
    assert files_below(folder) == before


@pytest.mark.parametrize("hint", ["", "{", "[]", "{}", '{"version": "x"}', '{"version": null}'])
def test_a_damaged_hint_does_not_keep_a_checkpoint_from_being_repaired(folder, hint):
    damage_cut(folder / "_delta_log")
    (folder / "_delta_log" / "_last_checkpoint").write_text(hint)

    assert len(ra.History(folder).dates()) == 23
    assert json.loads((folder / "_delta_log" / "_last_checkpoint").read_text())["version"] == 23


def test_checkpoints_that_another_process_removes_meanwhile_are_passed_over(folder, monkeypatch):
    log = folder / "_delta_log"
    damage_every_one(log)
    hinted = checkpoints._hinted

    def while_another_repairs(location):
        for path in log.glob("*.checkpoint.parquet"):
            path.unlink()
        return hinted(location)

    monkeypatch.setattr(checkpoints, "_hinted", while_another_repairs)

    assert len(ra.History(folder).dates()) == 23


def test_a_damaged_commit_is_a_clear_error(folder):
    path = folder / "_delta_log" / f"{23:020}.json"
    path.write_bytes(path.read_bytes()[:100])
    before = files_below(folder)

    with pytest.raises(
        ra.SourceError, match=r"^The history \S+ cannot be read: [^\n]*A commit of the table is damaged"
    ):
        ra.History(folder).dates()
    assert files_below(folder) == before


def test_a_log_without_its_first_commit_and_checkpoints_is_a_clear_error(folder):
    for path in [*(folder / "_delta_log").glob("*checkpoint*"), folder / "_delta_log" / f"{0:020}.json"]:
        path.unlink()

    with pytest.raises(ra.SourceError, match=r"cannot be read: .* Restore its _delta_log from a backup"):
        ra.History(folder).dates()
