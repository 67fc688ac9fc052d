"""A large scan is analysed part by part, and every answer is that of all its rows at once."""

from __future__ import annotations

from datetime import date
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings, strategies as st
from polars.testing import assert_frame_equal

import rewards_analytics as ra
from rewards_analytics.engines import caller, codes, lookup, places, sorting
from rewards_analytics.engines.parts import Asked, parts_of
from rewards_analytics.engines.piles import Piles
from rewards_analytics.errors import FrameError, RewardsError, SourceError
from rewards_analytics.loading import by_user
from rewards_analytics.loading.chunk import TYPES
from rewards_analytics.loading.lazy import parts
from tests import frames
from tests.analysis.test_properties import TODAY, every_analysis, one_reward
from tests.examples import examples
from tests.loading.store import served

pytestmark = pytest.mark.filterwarnings("ignore:.*rates? fits? no reward")

# Members of one name belong to several users, and so to several parts.
of_many_users = st.lists(
    st.tuples(one_reward, st.sampled_from([f"U{number}" for number in range(1, 10)])), min_size=10, max_size=40
).map(lambda rows: [{**row, "guid": f"R{number}", "user_guid": user} for number, (row, user) in enumerate(rows)])


@pytest.fixture(autouse=True)
def small_parts(monkeypatch):
    monkeypatch.setattr(parts, "PART_ROWS", 4)
    monkeypatch.setattr(parts, "MOST_ROWS", 8)
    monkeypatch.setattr(parts, "LARGE_BYTES", 500)
    monkeypatch.setattr(codes, "PART_ROWS", 4)
    monkeypatch.setattr(places, "_STRETCH", 5)
    monkeypatch.setattr(by_user, "ROW_GROUP", 3)
    monkeypatch.setattr(sorting, "MOST_ROWS", 5)
    monkeypatch.setattr(sorting, "_SPANS", 2)
    monkeypatch.setattr(sorting, "_SPAN_ROWS", 2)


def stored(rows: list[dict[str, Any]], folder: str, *, files: int, declared: bool = False) -> str:
    """Write rows to some files, in the order that they have."""
    table = frames.table(rows).select(TYPES.names).cast(TYPES)
    each = -(-table.num_rows // files)
    order = by_user.order_of(TYPES) if declared else None
    for number in range(files):
        path = Path(folder, f"{number}.parquet")
        with pq.ParquetWriter(path, TYPES, sorting_columns=order) as writer:
            writer.write_table(table.slice(number * each, each), row_group_size=3)
    return folder


def answers(frame: Any) -> dict[str, pl.DataFrame]:
    results = every_analysis(frame) | {
        "upcoming": ra.upcoming(frame, as_of=TODAY),
        "totals by user": ra.totals(frame, by="user_guid"),
        "totals by account": ra.totals(frame, by=["account_guid"]),
        "expiring by user": ra.expiring(frame, as_of=TODAY, by="user_guid"),
    }
    return {name: frames.collected(result) for name, result in results.items()}


def check(source: str) -> None:
    scan = ra.scan(source)
    assert parts_of(scan) is not None
    of_all = answers(scan.collect())
    for name, answer in answers(scan).items():
        assert_frame_equal(answer, of_all[name])  # also in the same order


@settings(max_examples=examples(6), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rewards=of_many_users, files=st.integers(1, 3))
def test_rows_that_stand_by_user_are_analysed_where_they_are(rewards, files):
    with TemporaryDirectory() as folder:
        check(stored(sorted(rewards, key=lambda row: row["user_guid"]), folder, files=files, declared=True))


@settings(max_examples=examples(6), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rewards=of_many_users, files=st.integers(1, 3), declared=st.booleans())
def test_rows_in_any_order_give_the_same_answers_whatever_they_declare(rewards, files, declared):
    with TemporaryDirectory() as folder:
        check(stored(rewards, folder, files=files, declared=declared))


@settings(max_examples=examples(3), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rewards=of_many_users)
def test_text_gives_the_same_answers(rewards):
    with TemporaryDirectory() as folder:
        check(str(ra.write(frames.table(rewards), Path(folder, "rewards.ndjson"))))


@pytest.mark.parametrize("name", ["rewards.parquet", "rewards.ndjson", "rewards.csv.gz"])
def test_objects_of_a_store_give_the_same_answers(tmp_path, name):
    rows = [reward(f"U{number * 7 % 30:02}") | {"guid": f"R{number}", "balance": number} for number in range(30)]
    ra.write(frames.table(rows), tmp_path / name)

    with served(tmp_path.parent) as host:
        check(f"s3://KEY:SECRET@{tmp_path.name}/{name}?endpoint_override={host}&scheme=http&region=us-east-1")


@pytest.mark.filterwarnings("ignore::rewards_analytics.RewardsWarning")
@settings(max_examples=examples(3), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rewards=of_many_users)
def test_snapshots_of_a_history_give_the_same_answers(rewards):
    with TemporaryDirectory() as folder:
        history = ra.History(Path(folder, "history"))
        history.append(frames.table(rewards), date(2026, 11, 22))
        history.append(frames.table(rewards[:7]), date(2026, 11, 23))
        scan = history.scan()
        assert parts_of(scan) is not None
        of_all = answers(scan.collect())
        for name, answer in answers(scan).items():
            assert_frame_equal(answer, of_all[name])
        by_day = ra.expiring(scan, as_of=TODAY, by="taken_on").collect()
        assert_frame_equal(by_day, ra.expiring(scan.collect(), as_of=TODAY, by="taken_on"))


def test_users_in_order_are_read_where_they_are(tmp_path, monkeypatch):
    rows = [reward(user) for user in sorted(f"U{number:02}" for number in range(30))]
    folder = stored(rows, str(tmp_path), files=2)
    monkeypatch.setattr(parts, "_spilled", None)  # would fail

    assert ra.totals(ra.scan(folder)).collect()["holdings"].to_list() == [30]
    with parts_of(ra.scan(folder))(Asked(["user_guid"], None)) as spans:
        found = [part.collect()["user_guid"].to_list() for part in spans]
    assert [len(part) for part in found] == [6, 6, 6, 6, 6]
    assert [user for part in found for user in part] == [row["user_guid"] for row in rows]


@pytest.mark.parametrize("lots", ["alone", "in doubt", "of one hash", "of one mark"])
def test_lots_in_any_order_are_moved_only_where_they_need_a_look_at_others(tmp_path, monkeypatch, lots):
    rows = [reward(f"U{number * 7 % 30:02}") | {"expires_on": date(2026, 12, 1 + number % 3)} for number in range(30)]
    if lots != "alone":
        rows += [reward("U03") | {"balance_type": "EXPIRING_BALANCE", "balance": 5}]
        rows += [reward("U04") | {"balance_type": "TOTAL_BALANCE", "balance": 7}]
    scan = ra.scan(stored(rows, str(tmp_path), files=2))
    monkeypatch.setattr(lookup, "_SLICE", 8)
    if lots == "of one hash":
        monkeypatch.setattr(lookup.Lookup, "_hash", lambda _: pl.lit(1, dtype=pl.UInt64))
    if lots == "of one mark":
        monkeypatch.setattr(lookup, "_MARKS", 1)
    moved: list[int] = []
    move = Asked.rows

    def noted(asked: Asked, rows: pl.LazyFrame) -> pl.LazyFrame:
        moved.append(len(move(asked, rows).collect()))
        return move(asked, rows)

    monkeypatch.setattr(Asked, "rows", noted)

    timeline = ra.expiring(scan, as_of=TODAY, every="day", until=date(2026, 12, 3)).collect()

    of_days = timeline.filter(pl.col("period") >= date(2026, 12, 1)).select("expiring", "rewards")
    # U03 and U04 had one lot each, of reward 9 on 1 December and of reward 22 on 2 December.
    assert of_days.rows() == ([(10, 10)] * 3 if lots == "alone" else [(9, 9), (9, 9), (10, 10)])
    assert moved == {"alone": [], "in doubt": [4], "of one hash": [32], "of one mark": [32]}[lots]
    check(str(tmp_path))


@pytest.mark.parametrize("column", ["user_guid", "member_guid", "balance_type", "unit_type", "balance"])
@pytest.mark.parametrize("ask", [ra.expiring, ra.aging])
def test_a_null_fails_where_lots_need_no_look_at_others(tmp_path, column, ask):
    rows = [reward(f"U{number * 7 % 30:02}") | {"expires_on": TODAY} for number in range(30)]
    rows[17] = {**rows[17], column: None}
    file = str(tmp_path / "nulls.parquet")  # which scan would refuse
    pq.write_table(frames.table(rows), file)
    frame = parts.with_parts(pl.scan_parquet(file), [file], len(rows))

    with pytest.raises(FrameError, match=f"{column!r} in every row, and it is null"):
        ask(frame, as_of=TODAY).collect()


@pytest.mark.parametrize("ask", [ra.holdings, ra.totals])
def test_the_rewards_of_one_user_are_one_part(tmp_path, ask):
    folder = stored([reward("U1") for _ in range(30)], str(tmp_path), files=1)

    assert ask(ra.scan(folder)).collect()["available"].to_list() == [30]


@pytest.fixture
def waiting(monkeypatch):
    """The rows that were moved to disk."""
    rows: list[pl.DataFrame] = []
    put = Piles.put

    def noted(piles, batches, number):
        batches = [*batches]
        rows.extend(batches)
        put(piles, batches, number)

    monkeypatch.setattr(Piles, "put", noted)
    return rows


@pytest.mark.parametrize(
    ("ask", "texts"),
    [
        (ra.totals, {"unit_type", "balance_type"}),
        (ra.bands, {"unit_type", "balance_type"}),
        (partial(ra.totals, by="member_guid"), {"unit_type", "balance_type", "member_guid"}),
        (ra.holdings, {"balance_type"}),
    ],
    ids=["totals", "bands", "totals by member", "holdings"],
)
def test_rewards_are_moved_without_texts_that_only_group_them(tmp_path, waiting, ask, texts):
    rows = [reward(f"U{number * 7 % 30:02}") for number in range(30)]
    scan = ra.scan(stored(rows, str(tmp_path), files=2))

    answer = ask(scan).collect()

    moved = [batch for batch in waiting if "balance_type" in batch.columns]
    assert sum(map(len, moved)) == 30
    assert {name for name, dtype in moved[0].schema.items() if dtype == pl.String} == texts
    assert_frame_equal(answer, ask(scan.collect()))


def test_only_rewards_that_distance_reads_are_moved(tmp_path, waiting):
    kinds = ["BALANCE", "TOTAL_BALANCE", "EXPIRING_BALANCE", "BALANCE_TO_LEVEL", "BALANCE_TO_REWARD"]
    rows = [reward(f"U{number * 7 % 30:02}") | {"balance_type": kinds[number % 5]} for number in range(30)]

    ra.distance(ra.scan(stored(rows, str(tmp_path), files=2))).collect()

    moved = pl.concat([batch["balance_type"] for batch in waiting if "balance_type" in batch.columns])
    assert sorted(moved.unique()) == sorted({*kinds} - {"EXPIRING_BALANCE"})


def test_a_member_of_users_in_several_parts_is_counted_once(tmp_path):
    rows = [reward(f"U{number * 7 % 30:02}") | {"member_guid": f"M{number % 3}"} for number in range(30)]

    found = ra.totals(ra.scan(stored(rows, str(tmp_path), files=2))).collect()

    assert found.select("available", "holdings", "members", "users").rows() == [(30, 30, 3, 30)]


@pytest.mark.parametrize("column", ["user_guid", "member_guid", "balance_type", "unit_type", "balance"])
@pytest.mark.parametrize("ask", [ra.totals, ra.bands, ra.holdings])
def test_a_null_fails_also_where_codes_are_moved(tmp_path, column, ask):
    rows = [reward(f"U{number * 7 % 30:02}") for number in range(30)]
    rows[17] = {**rows[17], column: None}
    file = str(tmp_path / "nulls.parquet")  # which scan would refuse
    pq.write_table(frames.table(rows), file)
    frame = parts.with_parts(pl.scan_parquet(file), [file], len(rows))

    with pytest.raises(FrameError, match=f"{column!r} in every row, and it is null"):
        ask(frame).collect()


@pytest.mark.parametrize("name", ["rewards.parquet", "rewards.ndjson"])
def test_rewards_of_which_an_analysis_needs_none_give_the_same_answers(tmp_path, name):
    rows = [reward(f"U{number * 7 % 30:02}") | {"guid": f"R{number}"} for number in range(30)]
    source = ra.write(frames.table([row | {"balance_type": "BALANCE_TO_LEVEL"} for row in rows]), tmp_path / name)

    check(str(source))


def test_a_frame_that_was_filtered_has_no_parts(tmp_path):
    scan = ra.scan(stored([reward(f"U{number}") for number in range(9)], str(tmp_path), files=1))

    assert ra.totals(scan.filter(pl.col("user_guid") < "U5")).collect()["users"].to_list() == [5]


def test_a_column_of_structs_before_the_users_changes_no_number(tmp_path):
    # It has two leaves, so that the statistics of the third are of `guid`, whose order is another.
    rows = [reward(f"U{number:02}") | {"guid": f"U{29 - number:02}"} for number in range(30)]
    table = frames.table(rows).select(TYPES.names).cast(TYPES)
    table = table.add_column(0, "notes", pa.array([{"first": "a", "last": "b"}] * len(rows)))
    for place in range(3):
        pq.write_table(table.slice(place * 10, 10), tmp_path / f"{place}.parquet", row_group_size=3)

    check(str(tmp_path))


@pytest.mark.parametrize("ask", [ra.aging, ra.totals])
def test_a_file_that_changed_since_the_scan_is_named(tmp_path, ask):
    rows = [reward(f"U{number * 7 % 30:02}") for number in range(30)]
    scan = ra.scan(stored(rows, str(tmp_path), files=2))
    file = tmp_path / "1.parquet"

    file.write_bytes(b"PAR1")
    with pytest.raises(SourceError, match=r"1\.parquet is not a Parquet file that can be read"):
        ask(scan).collect()
    file.unlink()
    with pytest.raises(SourceError, match=r"1\.parquet does not exist"):
        ask(scan).collect()


def test_files_that_change_between_two_readings_are_refused(tmp_path, monkeypatch):
    users = [f"{number * 7 % 30:02}" for number in range(30)]
    scan = ra.scan(stored([reward(f"U{user}") for user in users], str(tmp_path), files=1))

    def changed(answers, *others):
        answers = [*answers]
        stored([reward(f"V{user}") for user in users], str(tmp_path), files=1)  # as long as before
        return places.with_texts(answers, *others)

    monkeypatch.setattr(caller, "with_texts", changed)

    with pytest.raises(SourceError, match="The files changed while they were read"):
        ra.holdings(scan).collect()


def test_more_rewards_than_have_places_are_moved_with_their_texts(tmp_path, waiting, monkeypatch):
    rows = [reward(f"U{number * 7 % 30:02}") for number in range(30)]
    scan = ra.scan(stored(rows, str(tmp_path), files=2))
    monkeypatch.setattr(caller, "MOST_PLACES", 29)

    assert_frame_equal(ra.holdings(scan).collect(), ra.holdings(scan.collect()))
    assert waiting[0].columns == [
        "user_guid",
        "member_guid",
        "account_guid",
        "unit_type",
        "balance_type",
        "balance",
        "expires_on",
    ]


@pytest.mark.parametrize("swapped", [("user_guid", "member_guid"), ("member_guid", "account_guid")])
def test_holdings_whose_guids_are_swapped_stay_apart(tmp_path, swapped):
    guids = {"user_guid": "U1", "member_guid": "M1", "account_guid": "A1"}
    first, second = swapped
    others = guids | {first: guids[second], second: guids[first]}
    rows = [reward("U1") | (others if number % 3 else guids) for number in range(30)]

    found = ra.holdings(ra.scan(stored(rows, str(tmp_path), files=2))).collect()

    in_order = sorted([(*guids.values(), 10), (*others.values(), 20)])
    assert found.select(*guids, "available").rows() == in_order


def test_too_little_room_names_the_folder_and_the_way_out(tmp_path, monkeypatch):
    rows = [reward(f"U{number * 7 % 30:02}") for number in range(30)]
    folder = stored(rows, str(tmp_path), files=1)
    monkeypatch.setattr("shutil.disk_usage", lambda _: type("Usage", (), {"free": 10}))

    with pytest.raises(RewardsError, match=r"That takes about .* GB, and 0\.0 GB are free there\. Set TMPDIR"):
        ra.totals(ra.scan(folder)).collect()


def test_nothing_is_left_behind(tmp_path, monkeypatch):
    rows = [reward(f"U{number * 7 % 30:02}") for number in range(30)]
    data, meanwhile = tmp_path / "data", tmp_path / "meanwhile"
    data.mkdir()
    meanwhile.mkdir()
    folder = stored(rows, str(data), files=1)
    monkeypatch.setattr("tempfile.tempdir", str(meanwhile))

    assert len(ra.holdings(ra.scan(folder)).collect()) == 30
    assert len(ra.holdings(ra.scan(folder)).head(3).collect()) == 3
    assert [*meanwhile.iterdir()] == []


def reward(user: str) -> dict[str, Any]:
    return {
        "guid": "R1",
        "user_guid": user,
        "member_guid": f"M-{user}",
        "account_guid": None,
        "balance_type": "BALANCE",
        "unit_type": "MILES",
        "balance": 1,
        "expires_on": None,
        "created_at": None,
        "description": None,
    }
