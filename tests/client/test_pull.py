"""Pulling many members: nothing lost, nothing twice, whatever fails or is interrupted."""

from __future__ import annotations

import errno
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import polars as pl
import pytest

import rewards_analytics as ra
from rewards_analytics import AtriumClient
from rewards_analytics.client.pull import members, stores
from rewards_analytics.sandbox import Sandbox
from rewards_analytics.sandbox.faults import RANDOM_KINDS

COLUMNS = {
    "guid": pl.String,
    "user_guid": pl.String,
    "member_guid": pl.String,
    "account_guid": pl.String,
    "balance_type": pl.String,
    "unit_type": pl.String,
    "balance": pl.Decimal(38, 9),
    "expires_on": pl.Date,
    "created_at": pl.Datetime("us", "UTC"),
    "description": pl.String,
}


def guids_of(sandbox):
    return sorted(reward["guid"] for reward in sandbox.world.rewards())


def balances_of(sandbox):
    return {reward["guid"]: reward["balance"] for reward in sandbox.world.rewards()}


def listed(sandbox):
    """How often the rewards of each member were requested."""
    return Counter(request.path.split("/")[4] for request in sandbox.requests if request.path.endswith("/rewards"))


def test_every_reward_of_every_member_is_pulled_once_and_exactly(client, sandbox):
    pulled = ra.pull(client)

    assert dict(zip(pulled.rewards["guid"], pulled.rewards["balance"], strict=True)) == balances_of(sandbox)
    assert pulled.rewards.height == len(sandbox.world.rewards())
    assert dict(pulled.rewards.schema) == COLUMNS
    assert pulled.members == len(sandbox.world.members)
    assert pulled.failures == []


def test_rows_are_in_the_same_order_for_any_number_of_workers(client):
    pulls = [ra.pull(client, workers=workers).rewards for workers in (1, 3, 16)]

    assert pulls[0].equals(pulls[1])
    assert pulls[0].equals(pulls[2])
    assert pulls[0].equals(pulls[0].sort("user_guid", "member_guid", "guid"))


def test_only_the_given_members_are_read(client, sandbox, member):
    pulled = ra.pull(client, [(member.user_guid, member.guid), [member.user_guid, member.guid]])

    assert sorted(pulled.rewards["guid"]) == sorted(reward["guid"] for reward in member.rewards)
    assert len(sandbox.requests) == 1


def test_no_members_give_an_empty_frame_of_the_right_types(client):
    pulled = ra.pull(client, [])

    assert pulled.rewards.height == 0
    assert dict(pulled.rewards.schema) == COLUMNS


def test_a_pull_starts_no_job(client, sandbox):
    ra.pull(client)

    assert {request.method for request in sandbox.requests} == {"GET"}


# --- Failures ---


def test_a_failed_member_is_listed_with_its_error_and_the_others_are_read(client, sandbox):
    pairs = sandbox.world.pairs()
    unknown = ("USR-none", "MBR-none")

    pulled = ra.pull(client, [pairs[1], unknown, *pairs[2:]])

    ((failed, error),) = pulled.failures
    assert failed == unknown
    assert isinstance(error, ra.NotFoundError)
    assert sorted(pulled.rewards["member_guid"].unique()) == sorted(
        guid for _, guid in pairs[1:] if sandbox.world.members[guid].rewards
    )


def test_failures_are_in_the_order_of_the_members(client, member):
    unknown = [("USR-none", f"MBR-{n}") for n in range(20)]

    pulled = ra.pull(client, [*unknown[:10], (member.user_guid, member.guid), *unknown[10:]])

    assert [failed for failed, _ in pulled.failures] == unknown


def test_a_user_whose_members_cannot_be_listed_is_a_failure(make_client, sandbox):
    user = next(iter(sandbox.world.users))
    sandbox.faults.next("503", times=9, on=f"{user}/members?")

    pulled = ra.pull(make_client(retries=1))

    ((failed, error),) = pulled.failures
    assert failed == (user, None)
    assert error.status == 503
    assert user not in set(pulled.rewards["user_guid"])
    assert pulled.rewards["user_guid"].n_unique() == 3


@pytest.mark.parametrize("out", [False, True])
def test_a_member_with_an_invalid_reward_is_a_failure_and_the_others_are_read(client, sandbox, member, tmp_path, out):
    member.rewards[0]["balance"] = Decimal("0.0000000001")

    pulled = ra.pull(client, out=tmp_path / "pulled" if out else None)

    ((failed, error),) = pulled.failures
    assert failed == (member.user_guid, member.guid)
    assert isinstance(error, ra.InvalidRewardsError)
    others = {reward["guid"] for reward in sandbox.world.rewards() if reward["member_guid"] != member.guid}
    assert set(pulled.rewards["guid"]) == others


@pytest.mark.parametrize("named", [False, True])
def test_a_wrong_key_ends_the_pull_at_once(make_client, sandbox, named):
    with pytest.raises(ra.AuthenticationError):
        ra.pull(make_client(api_key="wrong"), sandbox.world.pairs() if named else None, workers=1)

    assert len(sandbox.requests) <= 4


@pytest.mark.parametrize("workers", [0, -1, 2.5, None])
def test_workers_must_be_an_integer_of_at_least_1(client, workers):
    with pytest.raises(ra.ArgumentError, match=f"workers must be an integer ≥ 1, got {workers}"):
        ra.pull(client, workers=workers)


@pytest.mark.parametrize("members", ["ab", ["ab"], [("USR-1",)], [("USR-1", "MBR-1", "RWD-1")], [("USR-1", None)], [5]])
def test_members_must_be_pairs_of_guids(client, sandbox, members, tmp_path):
    with pytest.raises(ra.ArgumentError, match=r"is not a member. Pass pairs of user guid and member guid"):
        ra.pull(client, members, out=tmp_path)

    assert sandbox.requests == []


def test_a_guid_that_cannot_be_sent_is_a_failure_of_its_member(client, sandbox, member):
    pulled = ra.pull(client, [(member.user_guid, ".."), (member.user_guid, member.guid)])

    ((failed, error),) = pulled.failures
    assert failed == (member.user_guid, "..")
    assert isinstance(error, ra.ArgumentError)
    assert pulled.rewards.height == len(member.rewards)


def with_one_guid(sandbox, member):
    """Give a reward of another member the guid of one of this member; returns both members."""
    other = next(one for one in sandbox.world.members.values() if one.rewards and one is not member)
    other.rewards[0]["guid"] = member.rewards[0]["guid"]
    return member, other


def pairs_of(*members):
    return {(one.user_guid, one.guid) for one in members}


def rewards_without(sandbox, *members):
    left_out = {one.guid for one in members}
    return sorted(one["guid"] for one in sandbox.world.rewards() if one["member_guid"] not in left_out)


@pytest.mark.parametrize("size", [1, 10, 10_000], ids=lambda size: f"files of {size} rewards")
@pytest.mark.parametrize("out", [False, True])
def test_a_guid_with_different_contents_at_two_members_fails_only_these_two(
    client, sandbox, member, tmp_path, monkeypatch, size, out
):
    monkeypatch.setattr(stores, "FILE_REWARDS", size)
    both = with_one_guid(sandbox, member)

    pulled = ra.pull(client, out=tmp_path if out else None)

    assert {failed for failed, _ in pulled.failures} == pairs_of(*both)
    for _, error in pulled.failures:
        assert isinstance(error, ra.InvalidRewardsError)
        assert all(one.guid in str(error) for one in both)
    assert sorted(pulled.rewards["guid"]) == rewards_without(sandbox, *both)
    assert pulled.members == len(sandbox.world.members) - 2
    if out:
        assert ra.load(tmp_path).sort("user_guid", "member_guid", "guid").equals(pulled.rewards)


@pytest.mark.parametrize("size", [1, 10_000], ids=lambda size: f"files of {size} rewards")
def test_a_third_member_with_the_guid_fails_too_whenever_it_is_read(client, sandbox, member, monkeypatch, size):
    monkeypatch.setattr(stores, "FILE_REWARDS", size)
    listing = [one for one in sandbox.world.members.values() if one.rewards][:3]
    for one in listing:
        one.rewards[0]["guid"] = "RWD-of-three"

    pulled = ra.pull(client)

    assert {failed for failed, _ in pulled.failures} == pairs_of(*listing)
    assert sorted(pulled.rewards["guid"]) == rewards_without(sandbox, *listing)


def test_a_guid_with_different_contents_in_a_later_run_fails_both_members(client, sandbox, member, tmp_path):
    both = with_one_guid(sandbox, member)
    first = [pair for pair in sandbox.world.pairs() if pair != (both[1].user_guid, both[1].guid)]
    earlier = ra.pull(client, first, out=tmp_path)

    later = ra.pull(client, out=tmp_path)

    assert earlier.failures == []
    assert {failed for failed, _ in later.failures} == pairs_of(*both)
    assert sorted(later.rewards["guid"]) == rewards_without(sandbox, *both)
    assert sorted(ra.load(tmp_path)["guid"]) == sorted(later.rewards["guid"])


def test_once_they_agree_both_members_are_read_again(client, sandbox, member, tmp_path):
    _, other = with_one_guid(sandbox, member)
    ra.pull(client, out=tmp_path)
    other.rewards[0]["guid"] = "RWD-of-its-own"

    pulled = ra.pull(client, out=tmp_path)

    assert pulled.failures == []
    assert sorted(ra.load(tmp_path)["guid"]) == guids_of(sandbox)


def test_a_reward_of_another_member_is_a_failure_of_the_member_that_lists_it(client, sandbox, member):
    other = next(one for one in sandbox.world.members.values() if one.rewards and one is not member)
    expected = rewards_without(sandbox, other)
    other.rewards.append(member.rewards[0])

    pulled = ra.pull(client)

    ((failed, error),) = pulled.failures
    assert failed == (other.user_guid, other.guid)
    assert f"a reward of another member: '{member.rewards[0]['guid']}' names user '{member.user_guid}'" in str(error)
    assert sorted(pulled.rewards["guid"]) == expected


def test_a_key_that_is_refused_for_one_member_only_costs_no_other(make_client, sandbox, member, hostile):
    hostile.answers = {member.guid: "refused"}

    pulled = ra.pull(make_client(base_url=hostile.base_url))

    ((failed, error),) = pulled.failures
    assert failed == (member.user_guid, member.guid)
    assert isinstance(error, ra.AuthenticationError)
    assert sorted(pulled.rewards["guid"]) == rewards_without(sandbox, member)


@pytest.mark.parametrize("entries", ["users", "members"])
def test_an_entry_without_a_guid_is_reported(make_client, wire, entries):
    users = b'{"users": [{"guid": "USR-1"}]}' if entries == "members" else b'{"users": [{"id": 5}]}'
    for body in (users, b'{"users": []}', b'{"members": [{"id": 5}]}', b'{"members": []}'):
        wire.answers.append(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + body)
    client = make_client(base_url=wire.base_url)

    if entries == "users":
        with pytest.raises(ra.AtriumError, match=r"GET /users answered JSON without a .guid. for each entry"):
            ra.pull(client)
    else:
        ((failed, error),) = ra.pull(client).failures
        assert failed == ("USR-1", None)
        assert "GET /users/USR-1/members answered JSON without a 'guid' for each entry" in str(error)


# --- Faults ---


@pytest.fixture(scope="module")
def short_pages():
    """A sandbox of over 200 members with ten entries per page, so that lists have several pages."""
    with Sandbox(users=150, seed=7, frozen=True, default_per_page=10, most_per_page=10) as sandbox:
        yield sandbox


@pytest.mark.parametrize("kinds", [*[[kind] for kind in RANDOM_KINDS], RANDOM_KINDS], ids=lambda kinds: "+".join(kinds))
def test_under_faults_every_reward_is_pulled_exactly_once(short_pages, kinds):
    """Each kind of fault in a fifth of the calls, then all of them mixed, on 200 members."""
    short_pages.reset(short_pages.world)
    short_pages.faults.rate, short_pages.faults.kinds = 0.2, list(kinds)
    pairs = short_pages.world.pairs()[:200]
    expected = sorted(reward["guid"] for _, guid in pairs for reward in short_pages.world.members[guid].rewards)

    with AtriumClient(
        short_pages.api_key, short_pages.client_id, short_pages.base_url, retries=12, sleep=lambda _: None
    ) as client:
        pulled = ra.pull(client, pairs)

    assert len(pairs) == 200
    assert pulled.failures == []
    assert sorted(pulled.rewards["guid"]) == expected


# --- A folder ---


def test_a_folder_holds_parquet_that_the_loader_reads(client, sandbox, tmp_path):
    pulled = ra.pull(client, out=tmp_path / "new" / "pulled")

    assert sorted(ra.load(tmp_path / "new" / "pulled")["guid"]) == guids_of(sandbox)
    assert pulled.rewards.equals(ra.load(tmp_path / "new" / "pulled"))
    assert [path.name for path in sorted((tmp_path / "new" / "pulled").iterdir())] == [
        "_members.parquet",
        "part-00000.parquet",
    ]


def test_a_large_pull_is_written_as_several_files(client, sandbox, tmp_path, monkeypatch):
    monkeypatch.setattr(stores, "FILE_REWARDS", 10)

    pulled = ra.pull(client, out=tmp_path)

    assert len(list(tmp_path.glob("part-*.parquet"))) > 2
    assert sorted(pulled.rewards["guid"]) == guids_of(sandbox) == sorted(ra.load(tmp_path)["guid"])


def test_a_pull_into_the_same_folder_does_not_read_finished_members_again(client, sandbox, tmp_path):
    pairs = sandbox.world.pairs()
    ra.pull(client, pairs[:4], out=tmp_path)

    pulled = ra.pull(client, pairs, out=tmp_path)

    assert set(listed(sandbox).values()) == {1}
    assert pulled.resumed == 4
    assert pulled.members == len(pairs)
    assert sorted(pulled.rewards["guid"]) == guids_of(sandbox)


def test_a_failed_member_is_read_again(make_client, sandbox, member, tmp_path):
    client = make_client(retries=0)
    sandbox.faults.next("503", on=f"{member.guid}/rewards")
    first = ra.pull(client, out=tmp_path)

    second = ra.pull(client, out=tmp_path)

    assert [failed for failed, _ in first.failures] == [(member.user_guid, member.guid)]
    assert second.failures == []
    assert listed(sandbox)[member.guid] == 2
    assert sorted(second.rewards["guid"]) == guids_of(sandbox)


def test_ctrl_c_keeps_the_finished_members(client, sandbox, tmp_path, monkeypatch):
    done = []

    class Interrupted(stores.Folder):
        def add(self, entry):
            if len(done) == 3:
                raise KeyboardInterrupt
            done.append(entry.pair)
            return super().add(entry)

    monkeypatch.setattr(members, "Folder", Interrupted)
    with pytest.raises(KeyboardInterrupt):
        ra.pull(client, out=tmp_path, workers=1)
    monkeypatch.undo()
    before = listed(sandbox)

    pulled = ra.pull(client, out=tmp_path)

    assert all(listed(sandbox)[guid] == before[guid] for _, guid in done)
    assert pulled.resumed == 3
    assert sorted(pulled.rewards["guid"]) == guids_of(sandbox)


@pytest.mark.parametrize("tail", ["", '{"member": ["USR-', "\n", "not json\n"])
def test_a_truncated_journal_is_read_up_to_its_last_complete_line(client, sandbox, member, tmp_path, tail):
    folder = stores.Folder(tmp_path)
    folder.add(folder.entry((member.user_guid, member.guid), member.rewards))
    folder.close()
    with (tmp_path / ".journal.ndjson").open("a") as journal:
        journal.write(tail)

    pulled = ra.pull(client, out=tmp_path)

    assert listed(sandbox)[member.guid] == 0
    assert sorted(pulled.rewards["guid"]) == guids_of(sandbox)
    assert not (tmp_path / ".journal.ndjson").exists()


@pytest.mark.parametrize("size", [1, 10, 30])
def test_a_pull_that_ended_while_writing_a_file_resumes_from_the_journal(client, sandbox, tmp_path, monkeypatch, size):
    folder = stores.Folder(tmp_path)
    for pair in sandbox.world.pairs()[:6]:
        folder.add(folder.entry(pair, sandbox.world.members[pair[1]].rewards))
    folder.close()
    (tmp_path / ".part-00000.parquet.tmp").write_bytes(b"PAR1, and no more")
    monkeypatch.setattr(stores, "FILE_REWARDS", size)

    pulled = ra.pull(client, out=tmp_path)

    assert pulled.resumed == 6
    assert set(listed(sandbox)) == {guid for _, guid in sandbox.world.pairs()[6:]}
    assert sorted(pulled.rewards["guid"]) == guids_of(sandbox)
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")]


def test_a_folder_that_cannot_be_written_to_is_named(client, sandbox, tmp_path):
    (tmp_path / "file").write_text("in the way")

    with pytest.raises(ra.RewardsError, match=r"file.* cannot be used for the pull.*Choose a folder"):
        ra.pull(client, out=tmp_path / "file")

    assert sandbox.requests == []


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("part-00000.parquet", b"not Parquet at all"),
        ("part-00000-8f1c.snappy.parquet", b"of another program"),
        ("export.csv", b"guid"),
        ("deeper/rewards.ndjson.gz", b""),
    ],
)
def test_a_folder_with_other_data_is_refused_and_left_unchanged(client, sandbox, tmp_path, name, content):
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_bytes(content)

    with pytest.raises(ra.RewardsError, match=rf"holds {name.split('/')[-1]}, which is not from a pull"):
        ra.pull(client, out=tmp_path)

    assert sandbox.requests == []
    assert (tmp_path / name).read_bytes() == content


def test_parquet_from_another_program_is_refused(client, sandbox, tmp_path):
    ra.load([]).write_parquet(tmp_path / "part-00000.parquet")

    with pytest.raises(ra.RewardsError, match="which is not from a pull"):
        ra.pull(client, out=tmp_path)


def test_a_damaged_file_of_a_pull_is_named_and_its_members_can_be_read_again(client, sandbox, tmp_path):
    ra.pull(client, out=tmp_path)
    part = tmp_path / "part-00000.parquet"
    content = part.read_bytes()
    footer = 8 + int.from_bytes(content[-8:-4], "little")  # names the members, and stays whole
    part.write_bytes(content[:4] + b"\xff" * (len(content) - 4 - footer) + content[-footer:])

    with pytest.raises(ra.RewardsError, match=r"part-00000\.parquet cannot be read .* Delete it and pull again"):
        ra.pull(client, out=tmp_path)

    part.unlink()
    assert sorted(ra.pull(client, out=tmp_path).rewards["guid"]) == guids_of(sandbox)


def test_files_that_are_not_data_are_ignored(client, sandbox, tmp_path):
    (tmp_path / "README.txt").write_text("the night of 23 November")

    ra.pull(client, out=tmp_path)

    assert (tmp_path / "README.txt").read_text() == "the night of 23 November"
    assert sorted(ra.load(tmp_path)["guid"]) == guids_of(sandbox)


def test_two_pulls_of_different_members_into_one_folder_read_each_once(client, sandbox, tmp_path):
    pairs = sandbox.world.pairs()
    ra.pull(client, pairs[:5], out=tmp_path)

    pulled = ra.pull(client, pairs[3:], out=tmp_path)

    assert set(listed(sandbox).values()) == {1}
    assert pulled.resumed == 2
    assert pulled.members == len(pairs)
    assert sorted(pulled.rewards["guid"]) == guids_of(sandbox) == sorted(ra.load(tmp_path)["guid"])


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such locks")
def test_two_concurrent_pulls_into_one_folder_are_refused(client, sandbox, tmp_path):
    first = stores.Folder(tmp_path)

    with pytest.raises(ra.RewardsError, match="Another pull is writing to"):
        ra.pull(client, out=tmp_path)

    assert sandbox.requests == []
    first.close()
    assert ra.pull(client, out=tmp_path).members == len(sandbox.world.members)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such locks")
def test_a_pull_works_on_a_file_system_without_locks(client, sandbox, tmp_path, monkeypatch):
    import fcntl

    def refuse(*_):
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "flock", refuse)

    assert ra.pull(client, out=tmp_path).members == len(sandbox.world.members)


PULL_ALL = """
import sys
import rewards_analytics as ra
from rewards_analytics.client.pull import stores
stores.FILE_REWARDS = 60  # so that some files are being written when the process is killed
client = ra.AtriumClient(*sys.argv[1:4])
ra.pull(client, out=sys.argv[4], workers=4)
"""


def test_a_pull_that_is_killed_and_started_again_ends_with_the_same_rows(tmp_path):
    chance = random.Random(11)
    with Sandbox(users=60, latency=0.01) as sandbox:
        command = [sys.executable, "-c", PULL_ALL, sandbox.api_key, sandbox.client_id, sandbox.base_url, str(tmp_path)]
        for _ in range(4):
            so_far = len(sandbox.requests)
            process = subprocess.Popen(command)
            deadline = time.monotonic() + 20
            while len(listed(sandbox)) == 0 or len(sandbox.requests) < so_far + 75:
                if process.poll() is not None or time.monotonic() > deadline:
                    break
                time.sleep(0.005)
            time.sleep(chance.random() * 0.05)
            os.kill(process.pid, signal.SIGKILL) if process.poll() is None else None
            process.wait()
        with AtriumClient(sandbox.api_key, sandbox.client_id, sandbox.base_url) as client:
            pulled = ra.pull(client, out=tmp_path)

        assert sorted(pulled.rewards["guid"]) == guids_of(sandbox)
        assert sum(listed(sandbox).values()) <= len(sandbox.world.members) + 4 * 8
    assert sorted(ra.load(tmp_path)["guid"]) == sorted(pulled.rewards["guid"])


# --- Progress ---


def test_progress_shows_members_rewards_and_failures_on_standard_error(client, capsys):
    ra.pull(client, [("USR-none", "MBR-none")], progress=True)

    out, err = capsys.readouterr()
    assert out == ""
    assert "1/1" in err
    assert "0 rewards, 1 failures" in err


def test_without_a_terminal_there_is_no_bar(client, capsys):
    ra.pull(client)

    assert capsys.readouterr().err == ""


# --- Freshness ---

NIGHT = datetime(2026, 11, 23, 4, tzinfo=UTC)


def test_freshness_has_one_row_a_member_from_the_members_lists(client, sandbox, member):
    member.aggregated_at = NIGHT - timedelta(days=3)
    member.connection_status = "DENIED"

    fresh = ra.pull(client).freshness

    assert dict(fresh.schema) == {
        "user_guid": pl.String,
        "member_guid": pl.String,
        "connection_status": pl.String,
        "aggregated_at": pl.Datetime("us", "UTC"),
        "rewards": pl.Int64,
    }
    assert fresh.rows() == sorted(
        (one.user_guid, one.guid, one.connection_status, one.aggregated_at, len(one.rewards))
        for one in sandbox.world.members.values()
    )
    assert fresh.filter(member_guid=member.guid).rows()[0][2:4] == ("DENIED", NIGHT - timedelta(days=3))


def test_where_pairs_were_given_nothing_is_known_but_the_number_of_rewards(client, member):
    fresh = ra.pull(client, [(member.user_guid, member.guid)]).freshness

    assert fresh.rows() == [(member.user_guid, member.guid, None, None, len(member.rewards))]


def test_a_member_that_failed_has_a_row_without_a_number_of_rewards(make_client, sandbox, member):
    sandbox.faults.next("503", on=f"{member.guid}/rewards")

    fresh = ra.pull(make_client(retries=0)).freshness

    row = fresh.filter(member_guid=member.guid).rows()
    assert row == [(member.user_guid, member.guid, member.connection_status, member.aggregated_at, None)]


def test_no_members_have_an_empty_table_of_freshness(client):
    assert ra.pull(client, []).freshness.rows() == []


def test_a_guid_that_is_not_unicode_has_a_row_too(client):
    assert ra.pull(client, [("USR-1", "MBR-\ud800")]).freshness.rows() == [("USR-1", r"MBR-\ud800", None, None, None)]


@pytest.mark.parametrize(
    ("time", "known"),
    [
        ('"2026-11-23T04:00:00+0000"', NIGHT),
        ('"2026-11-22T22:00:00-06:00"', NIGHT),
        ('"2026-11-23T04:00:00Z"', NIGHT),
        ("null", None),
        ('"yesterday"', None),
        ("1764000000", None),
        ("[]", None),
        (r'"\ud800"', None),
    ],
)
def test_a_time_that_is_none_is_not_known_and_costs_no_reward(make_client, wire, time, known):
    member = f'{{"guid": "MBR-1", "connection_status": {{}}, "aggregated_at": {time}}}'
    reward = '{"guid": "RWD-1", "user_guid": "USR-1", "member_guid": "MBR-1", "balance": 5, "unit_type": "MILES"'
    for body in (
        '{"users": [{"guid": "USR-1"}]}',
        '{"users": []}',
        f'{{"members": [{member}]}}',
        '{"members": []}',
        f'{{"rewards": [{reward}, "balance_type": "BALANCE"}}]}}',
        '{"rewards": []}',
    ):
        wire.answers.append(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + body.encode())

    pulled = ra.pull(make_client(base_url=wire.base_url))

    assert pulled.failures == []
    assert pulled.freshness.rows() == [("USR-1", "MBR-1", None, known, 1)]


def test_an_entry_without_a_guid_costs_no_other_member_of_its_user(make_client, wire):
    for body in (
        '{"users": [{"guid": "USR-1"}]}',
        '{"users": []}',
        '{"members": [{"guid": 5}, {"guid": "MBR-1"}]}',
        '{"members": []}',
        '{"rewards": []}',
    ):
        wire.answers.append(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + body.encode())

    pulled = ra.pull(make_client(base_url=wire.base_url))

    assert [failed for failed, _ in pulled.failures] == [("USR-1", None)]
    assert pulled.freshness.rows() == [("USR-1", "MBR-1", None, None, 0)]


# --- Freshness in a folder ---


def kept(folder):
    return pl.read_parquet(folder / "_members.parquet")


def test_freshness_is_kept_in_the_folder_and_passed_over_by_the_loader(client, sandbox, tmp_path):
    pulled = ra.pull(client, out=tmp_path)

    assert kept(tmp_path).equals(pulled.freshness)
    for source in (tmp_path, str(tmp_path / "*.parquet"), str(tmp_path / "**")):
        assert sorted(ra.load(source)["guid"]) == guids_of(sandbox)
    assert sorted(ra.scan(tmp_path).collect()["guid"]) == guids_of(sandbox)
    assert ra.check(tmp_path).rows == len(guids_of(sandbox))


def test_a_member_of_an_earlier_run_keeps_the_time_at_which_it_was_read(client, sandbox, member, tmp_path):
    others = [pair for pair in sandbox.world.pairs() if pair[1] != member.guid]
    sandbox.faults.next("redirect", on=f"{member.guid}/rewards")
    before = {one.guid: one.aggregated_at for one in sandbox.world.members.values()}
    ra.pull(client, out=tmp_path)
    for one in sandbox.world.members.values():
        one.aggregated_at = NIGHT + timedelta(days=1)

    fresh = ra.pull(client, out=tmp_path).freshness

    assert {guid: time for _, guid, _, time, _ in fresh.rows()} == {
        **{guid: before[guid] for _, guid in others},
        member.guid: NIGHT + timedelta(days=1),
    }
    assert kept(tmp_path).equals(fresh)


def test_a_pull_of_pairs_into_the_folder_keeps_what_is_known_of_finished_members(client, sandbox, member, tmp_path):
    first = ra.pull(client, out=tmp_path).freshness

    assert ra.pull(client, [(member.user_guid, member.guid)], out=tmp_path).freshness.equals(first)


def test_an_interrupted_pull_keeps_what_the_lists_said(client, sandbox, tmp_path, monkeypatch):
    class Interrupted(stores.Folder):
        def add(self, entry):
            super().add(entry)
            if entry.rewards:
                raise KeyboardInterrupt
            return {}

    monkeypatch.setattr(members, "Folder", Interrupted)
    with pytest.raises(KeyboardInterrupt):
        ra.pull(client, out=tmp_path, workers=1)

    fresh = kept(tmp_path)
    assert fresh.height == len(sandbox.world.members)
    assert fresh["rewards"].sum() == ra.load(tmp_path).height > 0


def test_members_of_another_program_are_refused_and_left_as_they_are(client, sandbox, tmp_path):
    (tmp_path / "_members.parquet").write_bytes(b"not Parquet")

    with pytest.raises(ra.RewardsError, match=r"holds _members\.parquet, which is not from a pull: it would be"):
        ra.pull(client, out=tmp_path)

    assert sandbox.requests == []
    assert (tmp_path / "_members.parquet").read_bytes() == b"not Parquet"


@pytest.mark.parametrize("named", [[], [("USR-none", "MBR-none")]])
def test_a_folder_without_any_reward_can_be_loaded(client, tmp_path, named):
    ra.pull(client, named, out=tmp_path)

    assert ra.load(tmp_path).height == 0
    assert ra.pull(client, named, out=tmp_path).members == 0


def test_what_pull_writes_says_how_much_of_each_unit_is_stale(client, sandbox, member, tmp_path):
    for one in sandbox.world.members.values():
        one.aggregated_at = NIGHT
    member.aggregated_at = NIGHT - timedelta(days=3)
    ra.pull(client, out=tmp_path)

    found = ra.freshness(ra.load(tmp_path), kept(tmp_path), as_of=NIGHT.date())

    of_member = ra.totals(ra.load([*member.rewards]))
    stale = {unit: amount for unit, amount in found.select("unit_type", "stale").rows() if amount}
    assert stale == {unit: amount for unit, amount in of_member.select("unit_type", "available").rows() if amount}
