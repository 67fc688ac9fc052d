"""Writers at the same time lose nothing: different days all land, of one day the last writer wins whole."""

import multiprocessing
from datetime import date

import pytest
from deltalake import DeltaTable
from deltalake.exceptions import CommitFailedError

import rewards_analytics as ra
from rewards_analytics.history import history as module
from tests.history import killed
from tests.history.conftest import DAY_1, day, held, reward

WRITERS = 4
APPENDS = 6


def write(folder, writer, days, barrier):
    """Append the rewards and members of one writer to each day, beginning when all writers are ready."""
    numbers = range(100 * writer, 100 * writer + 50 + writer)
    rewards, members = killed.rewards(numbers), killed.freshness(numbers)
    barrier.wait()
    for number in days:
        ra.History(folder).append(rewards, day(number), members)


def together(folder, days_of):
    """Run a process per writer; each has its list of days."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.history.killed"])
    barrier = context.Barrier(len(days_of))
    writers = [
        context.Process(target=write, args=(folder, writer, days, barrier)) for writer, days in enumerate(days_of)
    ]
    for process in writers:
        process.start()
    for process in writers:
        process.join()
    assert [process.exitcode for process in writers] == [0] * len(writers)


def writers_of(history):
    """The writer of each day, after a check that its rewards and members are there whole, and no others."""
    rewards, members = history.scan().collect(), history.members()
    found = {}
    for on in history.dates():
        guids = rewards.filter(taken_on=on)["guid"].str.strip_prefix("RWD-").cast(int).sort().to_list()
        writer = guids[0] // 100
        assert guids == [*range(100 * writer, 100 * writer + 50 + writer)]
        assert members.filter(taken_on=on)["member_guid"].sort().to_list() == sorted(f"MBR-{n}" for n in guids)
        found[on] = writer
    return found


def test_writers_of_different_days_all_land(tmp_path):
    days_of = [[1 + writer + WRITERS * n for n in range(APPENDS)] for writer in range(WRITERS)]

    together(tmp_path, days_of)

    assert writers_of(ra.History(tmp_path)) == {day(number): w for w, days in enumerate(days_of) for number in days}


def test_of_writers_of_one_day_one_wins_whole(tmp_path):
    together(tmp_path, [[1] * APPENDS] * WRITERS)

    assert writers_of(ra.History(tmp_path)).keys() == {DAY_1}
    # Each append was one commit. Writers that begin at once may each commit the same empty table too.
    operations = [commit["operation"] for commit in DeltaTable(tmp_path).history()]
    made = operations.count("CREATE TABLE")
    assert 1 <= made <= WRITERS
    assert operations.count("WRITE") == len(operations) - made == WRITERS * APPENDS


def test_a_writer_that_never_gets_its_turn_says_so(history, tmp_path, monkeypatch):
    """Another writer replaces the day each time, between our opening of the table and our commit."""
    history.append([reward()], DAY_1)
    other = ra.History(tmp_path / "history")
    commit, tries = module.commit, []

    def overtaken(version, on, rewards, number):
        if version.location is history._location:
            tries.append(version.table.version())
            other.append([reward("RWD-9", str(len(tries)))], DAY_1)
        commit(version, on, rewards, number)

    monkeypatch.setattr(module, "commit", overtaken)
    monkeypatch.setattr(module, "_LONGEST_PAUSE_S", 0.001)

    with pytest.raises(ra.RewardsError, match=r"The snapshot of 2026-01-01 was not written .* Let one process write"):
        history.append([reward("RWD-2")], DAY_1)
    assert tries == [*range(1, 21)]
    assert held(other) == [(DAY_1, "RWD-9", 20)]


def test_deltalake_itself_refuses_the_second_of_two_writers_of_a_day(history, tmp_path):
    """What the repeated attempts rest on: also where the day had no rewards yet."""
    history.append([reward()], DAY_1)
    for on in (DAY_1, date(2026, 1, 2)):
        first, second = (module.current(history._location) for _ in range(2))
        module.commit(first, on, ra.load([reward("RWD-1")]), 0)
        with pytest.raises(CommitFailedError):
            module.commit(second, on, ra.load([reward("RWD-2")]), 0)
        module.commit(second, date(2026, 1, 9), ra.load([reward("RWD-2")]), 0)
