"""A history keeps one snapshot a day, exactly, and refuses what is none."""

import json
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from deltalake import DeltaTable, write_deltalake
from hypothesis import given, settings, strategies as st

import rewards_analytics as ra
from rewards_analytics.history import history as history_module
from rewards_analytics.history.history import _size
from rewards_analytics.schema import FIELDS
from tests import frames
from tests.examples import examples
from tests.history.conftest import BIG, DAY_1, DAY_2, DAY_3, day, held, reward

EVERY_FIELD = reward(
    "RWD-1",
    "-9999999999999999999.999999999",
    account_guid="ACT-1",
    expires_on="2026-12-31",
    created_at="2020-01-28T15:09:01.123456-06:00",
    description='"a",\n\u202e日',
)


def test_a_new_history_has_no_dates(history):
    assert history.dates() == []


def test_a_snapshot_is_read_back_with_its_day(history):
    history.append([EVERY_FIELD, reward("RWD-2", "0.000000001")], DAY_1)

    assert history.dates() == [DAY_1]
    read = history.scan().collect()
    assert read.columns == [*FIELDS, "taken_on"]
    assert read.drop("taken_on").sort("guid").equals(ra.load([EVERY_FIELD, reward("RWD-2", "0.000000001")]))
    assert read["taken_on"].to_list() == [DAY_1, DAY_1]


def test_a_day_that_is_appended_again_is_replaced(history):
    history.append([reward("RWD-1"), reward("RWD-2")], DAY_1)
    history.append([reward("RWD-1")], DAY_2)
    history.append([reward("RWD-3", "7")], DAY_1)

    assert held(history) == [(DAY_1, "RWD-3", Decimal(7)), (DAY_2, "RWD-1", Decimal(100))]


def test_a_writer_whose_day_is_changed_before_each_commit_gives_up(history, monkeypatch):
    history.append([reward("RWD-1")], DAY_1)
    writing = history_module.commit

    def after_another(version, on, rewards, members):
        writing(history_module.current(history._location), on, ra.load([reward("RWD-3")]), members)
        writing(version, on, rewards, members)

    monkeypatch.setattr(history_module, "commit", after_another)
    monkeypatch.setattr(history_module, "_ATTEMPTS", 2)

    with pytest.raises(ra.RewardsError, match=f"The snapshot of {DAY_1} was not written .* the day 2 times meanwhile"):
        history.append([reward("RWD-2")], DAY_1)
    assert held(history) == [(DAY_1, "RWD-3", Decimal(100))]


def test_days_are_appended_in_any_order(history):
    for on in (DAY_3, DAY_1, DAY_2):
        history.append([reward()], on)

    assert history.dates() == [DAY_1, DAY_2, DAY_3]
    assert history.scan().collect()["taken_on"].to_list() == [DAY_1, DAY_2, DAY_3]


def test_today_in_utc_is_a_day_of_a_snapshot(history):
    today = datetime.now(UTC).date()

    history.append([reward()], today)

    assert history.dates() == [today]


def test_the_rows_of_a_holding_stand_together(history):
    scattered = [
        reward(f"RWD-{n}", user_guid=f"USR-{n % 3}", account_guid=f"ACT-{n % 2}" if n % 4 else None, unit_type=unit)
        for n in range(24)
        for unit in [("MILES", "POINTS")[n % 5 == 0]]
    ]
    history.append(scattered, DAY_1)

    keys = history.scan().select("user_guid", "member_guid", "account_guid", "unit_type").collect()
    assert keys.equals(keys.sort(keys.columns, nulls_last=True))


def test_a_snapshot_is_any_frame(history, make_frame):
    history.append(make_frame(frames.balance("MILES", "12.5", guid="RWD-1")), DAY_1)

    assert held(history) == [(DAY_1, "RWD-1", Decimal("12.5"))]


def test_a_snapshot_is_a_file_a_folder_or_bytes(history, tmp_path):
    path = ra.write(ra.load([reward()]), tmp_path / "rewards.ndjson")

    for source in (path, str(path), path.parent, path.read_bytes()):
        history.append(source, DAY_1)
        assert held(history) == [(DAY_1, "RWD-1", Decimal(100))]


def test_files_have_the_plain_types_of_arrow(history, tmp_path):
    history.append([EVERY_FIELD], DAY_1)

    [file] = (tmp_path / "history").glob("taken_on=2026-01-01/*.parquet")
    assert pq.read_schema(file).remove_metadata() == pa.schema(
        [
            *((name, pa.string()) for name in FIELDS[:6]),
            ("balance", pa.decimal128(38, 9)),
            ("expires_on", pa.date32()),
            ("created_at", pa.timestamp("us", "UTC")),
            ("description", pa.string()),
        ]
    )


@settings(max_examples=examples(15), deadline=None)
@given(
    appends=st.lists(
        st.tuples(st.integers(1, 5), st.lists(st.integers(-(10**27), 10**27), min_size=1, max_size=4)), max_size=12
    )
)
def test_a_history_holds_what_was_last_appended_for_each_day(appends, tmp_path_factory):
    history = ra.History(tmp_path_factory.mktemp("history"))
    expected = {}
    for number, amounts in appends:
        amounts = [Decimal(amount).scaleb(-9) for amount in amounts]
        history.append([reward(f"RWD-{n}", str(amount)) for n, amount in enumerate(amounts)], day(number))
        expected[day(number)] = [(f"RWD-{n}", amount) for n, amount in enumerate(amounts)]

    assert history.dates() == sorted(expected)
    if expected:
        assert held(history) == [(on, *row) for on in sorted(expected) for row in expected[on]]


# --- What is refused, and leaves the table as it is -------------------------------------------------


@pytest.fixture
def unchanged(of_days, tmp_path):
    """A history of two days that has to be the same in the end, file by file."""
    history = of_days(2)
    folder = tmp_path / "history"

    def files():
        return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}

    before = files()
    yield history
    assert files() == before


@pytest.mark.parametrize("nothing", [[], b"", ra.load([reward()]).clear()], ids=["list", "bytes", "frame"])
def test_an_empty_snapshot_is_refused(unchanged, nothing):
    source = nothing if not isinstance(nothing, bytes) else _empty_ndjson()
    with pytest.raises(ra.InvalidRewardsError, match=r"The snapshot of 2026-01-02 has no rewards.* Pull again"):
        unchanged.append(source, DAY_2)


def _empty_ndjson():
    return pl.DataFrame(schema=ra.load([reward()]).schema).lazy()


def test_invalid_rewards_are_refused(unchanged):
    with pytest.raises(ra.InvalidRewardsError, match=r'balance "12,50" is not a number'):
        unchanged.append([reward(), reward("RWD-2", "12,50")], DAY_2)
    with pytest.raises(ra.RewardsError, match=r"the float 0.1"):
        unchanged.append([reward(balance=0.1)], DAY_2)


def test_a_day_in_the_future_is_refused(unchanged):
    tomorrow = datetime.now(UTC).date() + timedelta(days=1)

    with pytest.raises(ra.ArgumentError, match=rf"on={tomorrow} is in the future: today is {tomorrow - timedelta(1)}"):
        unchanged.append([reward()], tomorrow)


@pytest.mark.parametrize("on", [datetime(2026, 1, 2), datetime(2026, 1, 2, tzinfo=UTC)])
def test_a_day_with_a_time_is_refused(unchanged, on):
    with pytest.raises(ra.ArgumentError, match=r"on=datetime.datetime.* has a time of day. Pass the date alone"):
        unchanged.append([reward()], on)


@pytest.mark.parametrize("on", [None, "2026-01-02", 20260102, True])
def test_a_day_of_another_type_is_refused(unchanged, on):
    with pytest.raises(ra.ArgumentError, match=r"on=.* is not a date"):
        unchanged.append([reward()], on)


def test_members_of_another_kind_are_refused(unchanged):
    members = pl.DataFrame(
        {"user_guid": ["USR-1"], "member_guid": ["MBR-1"], "connection_status": ["CONNECTED"], "rewards": [1]}
    )
    with pytest.raises(ra.FrameError, match=r"members is of type list, not a frame. Pass one such as pull"):
        unchanged.append([reward()], DAY_2, [("USR-1", "MBR-1")])
    with pytest.raises(ra.MissingColumnError, match=r"members has no column 'aggregated_at'; found \['user_guid'"):
        unchanged.append([reward()], DAY_2, members)
    with pytest.raises(ra.FrameError, match=r"members has a column of another type than pull"):
        unchanged.append([reward()], DAY_2, members.with_columns(aggregated_at=pl.lit("soon")))
    with pytest.raises(ra.FrameError, match=r"members has a null in 'user_guid'"):
        unchanged.append([reward()], DAY_2, members.with_columns(aggregated_at=None, user_guid=None))


@pytest.mark.parametrize(
    "ask",
    [
        lambda history: history.append([reward()], DAY_1),
        lambda history: history.dates(),
        lambda history: history.scan(),
        lambda history: history.members(),
        lambda history: history.vacuum(),
    ],
    ids=["append", "dates", "scan", "members", "vacuum"],
)
class TestWhatIsNoHistory:
    def test_a_folder_of_other_files(self, ask, tmp_path):
        (tmp_path / "letter.txt").write_text("Dear reader")

        with pytest.raises(ra.SourceError, match=r"is not a history: it holds other files, such as 'letter.txt'"):
            ask(ra.History(tmp_path))
        assert [path.name for path in tmp_path.iterdir()] == ["letter.txt"]

    def test_a_file(self, ask, tmp_path):
        path = tmp_path / "rewards.json"
        path.write_text("[]")

        with pytest.raises(ra.SourceError, match=r"rewards.json is not a history: Not a directory. Name a folder"):
            ask(ra.History(path))
        assert path.read_text() == "[]"

    @pytest.mark.parametrize("partitions", [None, ["user_guid"]])
    def test_a_table_of_another_schema(self, ask, tmp_path, partitions):
        columns = ra.load([reward()]).to_arrow(compat_level=pl.CompatLevel.oldest())
        write_deltalake(tmp_path, columns, partition_by=partitions)

        with pytest.raises(ra.SourceError, match=r"is not a history. Its columns: guid .*Those of a history: guid str"):
            ask(ra.History(tmp_path))
        assert DeltaTable(tmp_path).version() == 0

    def test_a_table_with_floats(self, ask, tmp_path):
        columns = ra.load([reward()]).with_columns(pl.col("balance").cast(float), taken_on=DAY_1)
        write_deltalake(tmp_path, columns.to_arrow(compat_level=pl.CompatLevel.oldest()), partition_by=["taken_on"])

        with pytest.raises(ra.SourceError, match=r"is not a history.* balance double, .* balance decimal128\(38, 9\)"):
            ask(ra.History(tmp_path))


def test_a_table_with_features_that_are_not_read_is_refused(of_days, tmp_path):
    """As other programs may add them: the rows of the table would then not be those of its files."""
    history = of_days(2)
    log = tmp_path / "history" / "_delta_log"
    actions = map(json.loads, (log / f"{0:020}.json").read_text().splitlines())
    metadata = next(action["metaData"] for action in actions if "metaData" in action)
    schema = json.loads(metadata["schemaString"])
    for number, field in enumerate(schema["fields"]):
        field["metadata"] = {"delta.columnMapping.id": number, "delta.columnMapping.physicalName": field["name"]}
    mapped = {"configuration": {"delta.columnMapping.mode": "name"}, "schemaString": json.dumps(schema)}
    features = {"readerFeatures": ["columnMapping"], "writerFeatures": ["columnMapping"]}
    changes = [
        {"protocol": {"minReaderVersion": 3, "minWriterVersion": 7, **features}},
        {"metaData": metadata | mapped},
    ]
    (log / f"{3:020}.json").write_text("\n".join(map(json.dumps, changes)))

    for ask in (history.dates, history.scan, lambda: history.append([reward()], DAY_3)):
        with pytest.raises(ra.SourceError, match=r"uses columnMapping, which is not read here"):
            ask()


def test_reading_a_history_without_snapshots_says_how_to_write_one(history):
    for ask in (history.scan, history.members, history.vacuum):
        with pytest.raises(ra.SourceError, match=r"has no snapshot yet. Check the path, or write one with append"):
            ask()


@pytest.mark.parametrize("name", ["a[b]", "a^b", "a|b", "a%20b", "a\nb"])
def test_a_path_that_delta_lake_misreads_is_refused(tmp_path, name):
    with pytest.raises(ra.ArgumentError, match=r"Delta Lake cannot use the path .*, because of .* Rename it"):
        ra.History(tmp_path / name)


@pytest.mark.parametrize("name", ["a b#c", "ä*?{日}", "100%", "team=rewards", "quo'te", 'dou"ble'])
def test_any_other_path_is_a_history(tmp_path, name):
    history = ra.History(tmp_path / name)

    history.append([reward(balance=BIG)], DAY_1)

    assert (tmp_path / name / "_delta_log").is_dir()
    for engine in ("polars", "duckdb", "dask"):
        assert ra.load(history.scan(engine=engine))["balance"].to_list() == [Decimal(BIG)]


def test_a_path_is_taken_from_the_folder_of_the_call(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    history = ra.History("history")
    monkeypatch.chdir("/")

    history.append([reward()], DAY_1)

    assert ra.History(tmp_path / "history").dates() == [DAY_1]


@pytest.mark.parametrize("path", ["", None, 5])
def test_what_is_no_path_is_refused(path):
    with pytest.raises(ra.ArgumentError, match=r"is not the path of a history"):
        ra.History(path)


def test_without_deltalake_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "deltalake", None)

    with pytest.raises(ra.MissingDependencyError, match=r'pip install "rewards-analytics\[delta\]"'):
        ra.History("history")


def test_a_repr_says_what_the_history_holds(of_days, tmp_path):
    history = of_days(2)
    assert repr(history).startswith(
        f"History('{tmp_path}/history'): 2 snapshots, 2026-01-01 to 2026-01-02, 4 rewards, "
    )

    history.append([reward()], day(5))

    assert "3 snapshots, 2026-01-01 to 2026-01-05 (2 days between without one), 5 rewards, " in repr(history)
    assert "<br>3 snapshots, 2026-01-01 to 2026-01-05" in history._repr_html_()


def test_a_repr_of_a_single_snapshot_names_its_day_once(history):
    history.append([reward()], DAY_1)

    assert f": 1 snapshot, {DAY_1}, 1 reward, " in repr(history)


def test_a_repr_never_fails(tmp_path):
    (tmp_path / "<b>.txt").write_text("")

    assert repr(ra.History(tmp_path / "none")) == f"History('{tmp_path}/none'): no snapshot yet."
    assert "is not a history" in repr(ra.History(tmp_path))
    assert "&lt;b&gt;.txt" in ra.History(tmp_path)._repr_html_()


def test_a_history_says_nothing_of_its_options():
    secret = ra.History("s3://bucket/history", storage_options={"AWS_SECRET_ACCESS_KEY": "XYZZY"})

    assert "XYZZY" not in f"{vars(secret)}"


def test_the_paths_of_a_history_are_of_any_kind(tmp_path):
    ra.History(str(tmp_path)).append([reward()], date(2026, 1, 1))

    assert ra.History(Path(tmp_path)).dates() == [DAY_1]
    assert ra.History(tmp_path.as_uri()).dates() == [DAY_1]
    assert ra.History(f"{tmp_path}/").dates() == [DAY_1]


@pytest.mark.parametrize(
    ("size", "words"),
    [
        (1, "1 byte"),
        (999, "999 bytes"),
        (1000, "1.0 kB"),
        (999_949, "999.9 kB"),
        (10**6, "1.0 MB"),
        (2_500_000_000, "2.5 GB"),
        (10**12, "1.0 TB"),
        (10**15, "1000.0 TB"),
    ],
)
def test_a_size_is_told_in_the_largest_unit_that_fits(size, words):
    assert _size(size) == words
