"""A dashboard that takes more than a moment says what it is doing, where someone is looking.

`tests/notebooks/test_dashboard.py` has the same in a kernel.
"""

import sys
import threading
import time

import polars as pl
import pytest

import rewards_analytics as ra
from rewards_analytics.widgets.explore import progress
from tests import frames

REWARDS = frames.polars_frame(frames.table([frames.total("MILES", "5")]))


def on_a_terminal(monkeypatch):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    monkeypatch.setattr(progress, "MOMENT_S", 0.05)


def slowly(rewards, seconds, error=None):
    """A lazy frame whose rows take their time, and may fail in the end."""

    def wait(frame):
        time.sleep(seconds)
        if error is not None:
            raise error
        return frame

    return rewards.lazy().map_batches(wait)


def test_a_terminal_shows_each_step_while_it_runs_and_then_nothing(monkeypatch, capsys):
    on_a_terminal(monkeypatch)

    ra.explore(slowly(REWARDS, 0.2))

    shown = capsys.readouterr().err
    assert "\rDashboard: checking the columns, 0 s " in shown
    assert "\rDashboard: collecting the rewards, 0 s " in shown
    assert shown.endswith("\r" + 60 * " " + "\r")


def test_few_rewards_in_memory_show_nothing(monkeypatch, capsys):
    on_a_terminal(monkeypatch)
    monkeypatch.setattr(progress, "MOMENT_S", 0)

    ra.explore(REWARDS)

    assert capsys.readouterr().err == ""


def test_a_history_counts_as_large(monkeypatch, capsys):
    on_a_terminal(monkeypatch)

    ra.explore(REWARDS, history=slowly(REWARDS.with_columns(taken_on=pl.date(2026, 11, 22)), 0.2))

    assert "Dashboard: reading the history, 0 s" in capsys.readouterr().err


def test_nothing_is_shown_where_nobody_looks(monkeypatch, capsys):
    monkeypatch.setattr(progress, "MOMENT_S", 0.05)

    ra.explore(slowly(REWARDS, 0.2))

    assert capsys.readouterr().err == ""


def test_a_step_that_fails_takes_the_line_away(monkeypatch, capsys):
    on_a_terminal(monkeypatch)

    with pytest.raises(OSError, match="the disk is gone"):
        ra.explore(slowly(REWARDS, 0.2, OSError("the disk is gone")))

    assert capsys.readouterr().err.endswith("\r" + 60 * " " + "\r")
    assert "dashboard-progress" not in [each.name for each in threading.enumerate()]
