"""A report for each group of rewards, and a page that leads to them."""

import datetime as dt
import subprocess
import sys
from decimal import Decimal

import polars as pl
import pytest

import rewards_analytics as ra
from rewards_analytics.reporting.batch.file_names import file_names
from rewards_analytics.reporting.batch.reports import Batch
from tests import frames
from tests.reporting.pages import AS_OF, read

USERS = frames.polars_frame(
    frames.table(
        [
            frames.total("MILES", "1200.5", user_guid="USR-2"),
            frames.lot("MILES", "200", "2026-12-01", user_guid="USR-2"),
            frames.total("POINTS", "7", user_guid="USR-1", account_guid=None),
            frames.to_level("MILES", "5", user_guid="USR-1"),
        ]
    )
)
BY_USER = {"by": "user_guid", "as_of": AS_OF}


def of_users(*users):
    return frames.polars_frame(frames.table([frames.total("MILES", "1", user_guid=user) for user in users]))


def links(path):
    return [a["href"] for tag, a in read(path).tags if tag == "a" and "download" not in a]


@pytest.fixture(scope="module")
def batch(tmp_path_factory):
    return ra.reports(USERS, tmp_path_factory.mktemp("batch") / "reports", **BY_USER)


def test_each_group_has_the_report_of_its_own_rewards(batch, tmp_path):
    assert [(group, path.name) for group, path in batch.written] == [("USR-1", "USR-1.html"), ("USR-2", "USR-2.html")]
    for group, path in batch.written:
        own = ra.report(
            USERS.filter(user_guid=group), tmp_path / "own.html", as_of=AS_OF, title=f"Rewards report: {group}"
        )
        assert path.read_bytes() == own.read_bytes()


def test_the_index_leads_to_each_report_and_says_what_there_is(batch):
    page = read(batch.index)

    assert batch.failures == []
    assert links(batch.index) == ["USR-1.html", "USR-2.html"]
    assert page.table("Reports") == [["USR-1", "2", "not known", "7"], ["USR-2", "2", "1,200.5", "–"]]
    assert page.amounts("Reports", 2) == {"USR-1": None, "USR-2": Decimal("1200.5")}
    assert "4 rewards of 2 users and 1 member" in page.text
    assert "Miles 1,200.5 Expires in total200 Held by1 user" in page.text


def test_the_files_do_not_depend_on_how_many_processes_work(batch, tmp_path):
    more = ra.reports(USERS.reverse(), tmp_path / "more", workers=2, progress=True, **BY_USER)

    assert {path.name: path.read_bytes() for path in more.index.parent.iterdir()} == {
        path.name: path.read_bytes() for path in batch.index.parent.iterdir()
    }


@pytest.mark.parametrize("kind", ["pandas", "polars_categorical", "duckdb"])
def test_any_kind_of_frame_gives_the_same_files(kind, batch, tmp_path):
    same = ra.reports(frames.ENGINES[kind](USERS.to_arrow()), tmp_path / "same", **BY_USER)

    assert [path.read_bytes() for _, path in same.written] == [path.read_bytes() for _, path in batch.written]


def test_a_column_beyond_the_ten_makes_groups_and_rewards_without_a_value_are_one(tmp_path):
    rewards = USERS.with_columns(opened=pl.Series([dt.date(2025, 1, 1), None, dt.date(2024, 1, 1), None]))

    batch = ra.reports(rewards, tmp_path / "b", by="opened", as_of=AS_OF)

    assert [group for group, _ in batch.written] == [dt.date(2024, 1, 1), dt.date(2025, 1, 1), None]
    assert [row[0] for row in read(batch.index).table("Reports")] == ["2024-01-01", "2025-01-01", "No opened"]
    assert "Rewards report: no opened" in read(batch.written[2][1]).text


def test_no_rewards_make_an_index_that_says_so(tmp_path):
    batch = ra.reports(USERS.clear(), tmp_path / "b", **BY_USER)

    assert batch == Batch(tmp_path / "b" / "index.html", [], [])
    assert "There are no rewards, so there are no groups." in read(batch.index).text


# --- Names ----------------------------------------------------------------------------------------

PATHS = ("../x", "a/b", "a\\b", "C:\\x", ".", "..", "-", "", "a\0b", "a\nb")
WORDS = ("CON", "index", "x" * 300, "naïve", "名前", "\ud800", None, "None", "none", "NONE")
AWKWARD = [*PATHS, *WORDS]


def test_no_name_leaves_the_folder_or_means_something_to_a_file_system(tmp_path):
    names = file_names(AWKWARD)

    assert len({name.lower() for name in names}) == len(AWKWARD)
    for name in names:
        assert (tmp_path / name).resolve().parent == tmp_path
        assert set(name) <= set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.")
        assert len(name) < 90
        assert name[0] not in ".-"
        assert name.lower() not in ("con.html", "index.html")


def test_a_harmless_name_is_kept_and_one_that_another_has_in_other_letters_is_not():
    assert file_names(["USR-1", "MBR_2"]) == ["USR-1.html", "MBR_2.html"]
    upper, lower = file_names(["USR-a", "usr-a"])
    assert upper.startswith("USR-a-")
    assert lower.startswith("usr-a-")
    assert upper.lower() != lower.lower()


def test_no_group_can_take_the_name_of_another():
    (made,) = file_names(["a/b"])

    assert len(set(file_names(["a/b", made.removesuffix(".html")]))) == 2


def test_awkward_groups_have_their_reports_and_their_text_is_text(tmp_path):
    batch = ra.reports(of_users("../x", "", "<script>alert(1)</script>"), tmp_path / "b", **BY_USER)

    assert len(batch.written) == 3
    assert {path.name for path in (tmp_path / "b").iterdir()} == {*links(batch.index), "index.html"}
    page = read(batch.index)
    assert [row[0] for row in page.table("Reports")] == ["Empty", "../x", "<script>alert(1)</script>"]
    assert [tag for tag, _ in page.tags].count("script") == 1
    assert list(tmp_path.iterdir()) == [tmp_path / "b"]


# --- What goes wrong ------------------------------------------------------------------------------


@pytest.mark.parametrize("workers", [1, 2])
def test_a_bad_group_is_named_and_the_others_are_written(tmp_path, workers):
    # A day that no calendar of Python has.
    late = pl.Series([1, 2, 10_000_000]).cast(pl.Int32).cast(pl.Date)
    rewards = of_users("USR-1", "USR-2", "USR-3").with_columns(expires_on=late)

    batch = ra.reports(rewards, tmp_path / "b", workers=workers, **BY_USER)

    assert [group for group, _ in batch.written] == ["USR-1", "USR-2"]
    assert [group for group, _ in batch.failures] == ["USR-3"]
    assert isinstance(batch.failures[0][1], ra.RewardsError)
    page = read(batch.index)
    assert "Without a report" in page.text
    assert f"USR-3: {batch.failures[0][1]}" in page.text
    assert links(batch.index) == ["USR-1.html", "USR-2.html"]


def test_reports_of_an_earlier_batch_are_replaced_and_nothing_else_is_touched(tmp_path, run):
    ra.reports(of_users("USR-1", "USR-2", "USR-3"), tmp_path, **BY_USER)
    old = (tmp_path / "USR-1.html").read_bytes()
    (tmp_path / "notes.txt").write_text("mine")
    (tmp_path / "USR-2.html").write_text("<p>mine</p>")
    USERS.write_parquet(tmp_path / "rewards.parquet")

    ended = run("report", tmp_path / "rewards.parquet", "-o", tmp_path, "--by", "user_guid", "--as-of", "2026-11-23")

    assert (ended.status, ended.out) == (1, f"{tmp_path / 'index.html'}\n")
    assert "no report for user_guid 'USR-2'" in ended.err
    assert "exists and is not a report of this package" in ended.err
    assert (tmp_path / "USR-1.html").read_bytes() != old
    assert (tmp_path / "USR-2.html").read_text() == "<p>mine</p>"
    assert (tmp_path / "notes.txt").read_text() == "mine"
    assert (tmp_path / "USR-3.html").exists()
    assert links(tmp_path / "index.html") == ["USR-1.html"]


def test_an_index_page_that_is_not_ours_stops_a_batch_before_it_begins(tmp_path):
    (tmp_path / "index.html").write_text("<h1>My site</h1>")

    with pytest.raises(ra.RewardsError, match=r"index\.html exists and is not a report"):
        ra.reports(USERS, tmp_path, **BY_USER)

    assert [path.read_text() for path in tmp_path.iterdir()] == ["<h1>My site</h1>"]


def test_a_file_is_no_folder(tmp_path):
    (tmp_path / "file").write_text("in the way")

    with pytest.raises(ra.RewardsError, match="Cannot write to the folder"):
        ra.reports(USERS, tmp_path / "file", **BY_USER)


def test_a_column_that_is_not_there_is_named_with_the_nearest_match(run, tmp_path, rewards_json):
    ended = run("report", rewards_json, "--out", tmp_path / "b", "--by", "user_gid")

    assert (ended.status, ended.out) == (2, "")
    assert "Did you mean 'user_guid'?" in ended.err


def test_rates_that_are_none_stop_a_batch_before_it_begins(tmp_path):
    with pytest.raises(ra.ArgumentError):
        ra.reports(USERS, tmp_path / "b", rates={"MILES": "much"}, **BY_USER)

    assert list(tmp_path.iterdir()) == []


def test_no_process_is_too_few(tmp_path):
    with pytest.raises(ra.ArgumentError, match=r"workers must be an integer ≥ 1, got 0"):
        ra.reports(USERS, tmp_path / "b", workers=0, **BY_USER)


def test_a_script_without_its_guard_is_told_so(tmp_path):
    script = tmp_path / "script.py"
    script.write_text(
        "import polars, rewards_analytics as ra\n"
        f"rewards = polars.DataFrame({{name: [name] for name in {list(frames.SCHEMA.names)!r}}})\n"
        "rewards = rewards.with_columns(balance=1, expires_on=polars.date(2026, 12, 1)).drop('created_at')\n"
        f"ra.reports(rewards, {str(tmp_path / 'b')!r}, by='user_guid', workers=2)\n"
    )

    ended = subprocess.run([sys.executable, script], capture_output=True, text=True, check=False)

    assert ended.returncode == 1
    assert "lacks the guard" in ended.stderr
