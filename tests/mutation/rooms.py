"""The modules that are mutated, and the tests that have to notice: the quickest first.

The examples in the docstrings of a module are tests of it, too.
"""

from __future__ import annotations

from typing import Final


def _analysis(name: str, *more: str) -> tuple[str, ...]:
    return (f"tests/analysis/test_{name}.py", *more)


def _over_time(name: str, *more: str) -> tuple[str, ...]:
    return (f"tests/analysis/over_time/test_{name}.py", *more)


UNMUTATED: Final = {
    *("analysis/__init__.py", "analysis/over_time/__init__.py", "history/__init__.py"),
    *("analysis/balances.py", "analysis/order.py", "analysis/upcoming.py"),
}
"""Modules in which cosmic-ray finds nothing to change: expressions of names and calls alone."""

_FRAMES: Final = "tests/analysis/over_time/test_frames.py"
_ONE_DAY: Final = f"{_FRAMES}::test_a_history_of_one_day_says_that_there_is_nothing_to_compare"
_HISTORY: Final = tuple(f"tests/history/test_{name}.py" for name in ("append", "scan", "members"))

ROOMS: Final[dict[str, tuple[str, ...]]] = {
    "amounts.py": ("tests/test_amounts.py", "tests/loading/test_values.py"),
    "loading/values.py": ("tests/loading/test_values.py",),
    "client/paging.py": ("tests/client/test_paging.py",),
    "analysis/aging.py": _analysis("aging"),
    "analysis/arguments.py": _analysis("expiring", *_analysis("totals"), *_analysis("balances"), *_over_time("pace")),
    "analysis/bands.py": _analysis("bands"),
    "analysis/calendar.py": _analysis("calendar", *_analysis("expiring"), *_over_time("roll_forward")),
    "analysis/distance.py": _analysis("distance"),
    "analysis/expiring.py": _analysis("expiring", *_analysis("frames")),
    "analysis/freshness.py": _analysis("freshness"),
    "analysis/quality.py": _analysis("quality", "tests/loading/test_parts.py"),
    "analysis/rates.py": _analysis("value"),
    "analysis/sums.py": _analysis("sums"),
    "analysis/totals.py": _analysis("totals"),
    "analysis/value.py": _analysis("value"),
    "analysis/over_time/activity.py": _over_time("activity", _ONE_DAY),
    "analysis/over_time/backtest.py": _over_time("forecast"),
    "analysis/over_time/balance.py": _over_time("balance"),
    "analysis/over_time/between.py": _over_time("between"),
    "analysis/over_time/changes.py": _over_time("changes", _ONE_DAY),
    "analysis/over_time/dues.py": _over_time("dues", *_over_time("stored")),
    "analysis/over_time/forecast.py": _over_time("forecast"),
    "analysis/over_time/holding.py": _over_time("holding"),
    "analysis/over_time/lapse.py": _over_time("lapse"),
    "analysis/over_time/leads.py": _over_time("lapse", *_over_time("forecast")),
    "analysis/over_time/listed.py": _over_time("dues", *_over_time("lapse"), *_over_time("forecast")),
    "analysis/over_time/movements.py": _over_time("activity", *_over_time("pace"), *_over_time("changes")),
    "analysis/over_time/outcomes.py": _over_time("dues", *_over_time("lapse"), *_over_time("forecast")),
    "analysis/over_time/outlook.py": _over_time("outlook"),
    "analysis/over_time/pace.py": _over_time("pace", _ONE_DAY),
    "analysis/over_time/pairs.py": _over_time("changes", *_over_time("roll_forward"), _FRAMES, *_over_time("stored")),
    "analysis/over_time/roll_forward.py": _over_time("roll_forward", _ONE_DAY),
    "analysis/over_time/snapshots.py": _over_time(
        "snapshots", *_over_time("changes"), *_over_time("stored"), _FRAMES, *_over_time("holding")
    ),
    "history/adding.py": ("tests/history/test_adding.py",),
    "history/checkpoints.py": ("tests/history/test_checkpoints.py",),
    "history/faults.py": ("tests/history/test_faults.py",),
    "history/frames.py": (
        "tests/history/test_scan.py",
        "tests/loading/test_parts.py",
        "tests/history/test_object_store.py::test_a_store_is_scanned_on_every_engine_that_reads_it_itself",
    ),
    "history/history.py": _HISTORY,
    "history/location.py": ("tests/history/test_location.py", *_HISTORY),
    "history/members.py": (
        "tests/history/test_typed_members.py",
        "tests/history/test_members.py",
        "tests/history/test_vacuum.py",
    ),
    "history/table.py": ("tests/history/test_table.py", *_HISTORY, "tests/history/test_checkpoints.py"),
    "history/vacuum.py": ("tests/history/test_vacuum.py", "tests/history/test_typed_members.py"),
    "analysis/holdings.py": (
        *(f"tests/analysis/test_{name}.py" for name in ("holdings", "totals", "quality", "aging", "upcoming")),
        *_analysis("distance", *_over_time("balance"), *_over_time("changes")),
        "tests/loading/test_parts.py",
    ),
    "loading/columns.py": ("tests/loading/test_columns.py", "tests/loading/test_values.py"),
}

ENGINES: Final = {"analysis/holdings.py": ("duckdb",), "history/frames.py": ("duckdb", "dask", "pyspark")}
"""Engines besides Polars whose tests a room needs, because it computes otherwise for them."""

NOT_KILLED: Final = "not killed yet"
"""In place of a reason: a test is missing."""
