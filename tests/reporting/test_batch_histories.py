"""Reports of groups with a history: each shows what moved in its own group."""

import datetime as dt

import polars as pl
import pytest

import rewards_analytics as ra
from rewards_analytics.reporting.batch import histories
from tests import frames
from tests.analysis.over_time.histories import KINDS, snapshot, table
from tests.reporting.pages import AS_OF, read

CAPTION = "Roll-forward per month"
YEAR = pl.read_parquet("data/_history/rewards.parquet")


def miles(user, balance, **fields):
    return frames.total("MILES", balance, user_guid=user, **fields)


DAYS = [
    *snapshot(
        "2026-09-30", miles("U1", "1000"), miles("U2", "7"), frames.lot("MILES", "9", "2026-10-10", user_guid="U1")
    ),
    *snapshot("2026-10-31", miles("U1", "1100.5"), miles("U2", "7"), frames.total("DOLLARS", "12.5", user_guid="U2")),
    *snapshot("2026-11-20", miles("U1", "900"), miles("U2", "10"), miles("gone", "5")),
]
HISTORY = frames.polars_frame(table(DAYS))
REWARDS = HISTORY.filter(pl.col("taken_on") == dt.date(2026, 11, 20), pl.col("user_guid") != "gone").drop("taken_on")


def made(rewards, folder, history, *, by="user_guid"):
    batch = ra.reports(rewards, folder, by=by, as_of=AS_OF, history=history, workers=1)
    assert batch.failures == []
    return dict(batch.written)


def own(rewards, path, history, group):
    return ra.report(rewards, path, as_of=AS_OF, title=f"Rewards report: {group}", history=history).read_bytes()


@pytest.mark.parametrize("kind", [*KINDS, "pyspark"])
def test_each_group_has_the_report_of_its_own_history(tmp_path, request, kind):
    days = table(DAYS)
    history = request.getfixturevalue("spark").createDataFrame(days) if kind == "pyspark" else KINDS[kind](days)

    written = made(REWARDS, tmp_path / "groups", history)

    assert list(written) == ["U1", "U2"]
    for group, path in written.items():
        of_group = HISTORY.filter(user_guid=group)
        assert path.read_bytes() == own(REWARDS.filter(user_guid=group), tmp_path / "own.html", of_group, group)
    assert read(written["U2"]).table(CAPTION) == [
        ["Oct 2026", "Dollars", "$0.00", "$12.50", "$0.00", "$0.00", "$0.00", "$0.00", "$12.50", "–"],
        ["Nov 2026", "Dollars", "$12.50", "$0.00", "$0.00", "$0.00", "$0.00", "$12.50", "$0.00", "–"],
        ["Oct 2026", "Miles", "7", "0", "0", "0", "0", "0", "7", "–"],
        ["Nov 2026", "Miles", "7", "0", "3", "0", "0", "0", "10", "–"],
    ]


def test_what_is_likely_to_lapse_follows_the_dues_of_the_group(tmp_path):
    today = YEAR.filter(pl.col("taken_on") == AS_OF).drop("taken_on")

    written = made(today, tmp_path / "groups", YEAR, by="unit_type")

    assert len(written) == 4
    for group, path in written.items():
        of_group = YEAR.filter(unit_type=group)
        assert path.read_bytes() == own(today.filter(unit_type=group), tmp_path / "own.html", of_group, group)
    assert "about $170 is likely to lapse" in read(written["DOLLARS"]).text


def test_the_days_are_those_of_the_whole_history(tmp_path):
    late = frames.polars_frame(table([*DAYS, *snapshot("2026-11-21", miles("U2", "11"))]))

    for kind in ("polars", "stored"):
        written = made(REWARDS, tmp_path / kind, KINDS[kind](late.to_arrow()))

        assert "to that of 21 November 2026" in read(written["U1"]).text
        # Nothing of U1 is in the last snapshot, so its balance has left.
        assert read(written["U1"]).table(CAPTION)[1][-3:-1] == ["900", "0.0"]


def test_a_group_without_a_past_has_no_table_of_it(tmp_path):
    rewards = pl.concat([REWARDS, REWARDS.with_columns(user_guid=pl.lit("new"), guid=pl.col("guid") + "n")])

    written = made(rewards, tmp_path / "groups", HISTORY)

    assert "No balance is known in the snapshots." in read(written["new"]).text


def test_groups_and_units_may_have_any_text_and_none(tmp_path):
    groups = ["1", "1:", ":1", "", "0:", "é:2", None]
    rows = [
        frames.total(unit, str(number), account_guid=group)
        for number, group in enumerate(groups, start=1)
        for unit in ("MILES", ":", "1:1")
    ]
    days = frames.polars_frame(table([*snapshot("2026-11-01", *rows), *snapshot("2026-11-02", *rows)]))
    rewards = frames.polars_frame(frames.table(rows))

    written = made(rewards, tmp_path / "groups", days, by="account_guid")

    for number, group in enumerate(groups, start=1):
        assert [row[1:3] for row in read(written[group]).table(CAPTION)] == [
            ["1:1", str(number)],
            [":", str(number)],
            ["Miles", str(number)],
        ]


def test_one_pass_serves_many_groups(tmp_path, monkeypatch):
    def days_read(*groups):
        history = KINDS["stored"](table(DAYS))
        made(REWARDS.filter(pl.col("user_guid").is_in(groups)), tmp_path / "groups", history)
        return history.read

    once = days_read("U1")
    assert days_read("U1", "U2") == once
    together = {path.name: path.read_bytes() for path in (tmp_path / "groups").iterdir()}

    monkeypatch.setattr(histories, "GROUPS_AT_A_TIME", 1)
    assert days_read("U1", "U2") == once * 2
    assert {path.name: path.read_bytes() for path in (tmp_path / "groups").iterdir()} == together


@pytest.mark.parametrize(
    ("history", "by", "error", "says"),
    [
        ("history", "user_guid", ra.FrameError, "reports\\(\\) takes a History, or a frame of rewards with a column"),
        (HISTORY, "region", ra.MissingColumnError, "region"),
        (HISTORY.with_columns(region=1), "region", ra.FrameError, "groups by text, and the history's column 'region'"),
    ],
)
def test_a_history_that_cannot_be_grouped_stops_a_batch_before_it_begins(tmp_path, history, by, error, says):
    with pytest.raises(error, match=says):
        ra.reports(REWARDS.with_columns(region=1), tmp_path / "groups", by=by, as_of=AS_OF, history=history)

    assert list(tmp_path.iterdir()) == []
