"""Analytics for loyalty balances: load rewards, and see how much is held, what expires when, and how far goals are.

A short tour::

    import rewards_analytics as ra

    rewards = ra.load("data/rewards.json")
    ra.totals(rewards)                     # what is held, per unit
    ra.expiring(rewards, every="month")    # what expires when
    ra.upcoming(rewards)                   # what falls due, and whose it is
    ra.distance(rewards)                   # how far the next level or reward is
    ra.show.summary(rewards)               # a summary in sentences
    ra.explore(rewards)                    # all of it as a dashboard in JupyterLab
    ra.report(rewards, "report.html")      # all of it as one file to send

Importing the package is cheap: each name loads what it needs when it is first used.
"""

from __future__ import annotations

import rewards_analytics.forks  # noqa: F401 - it notices forks from now on
from rewards_analytics.version import __version__

_HOME = {
    "load": "loading.load",
    "check": "loading.check",
    "scan": "loading.scan",
    "write": "loading.write",
    "balances": "analysis.balances",
    "holdings": "analysis.holdings",
    "totals": "analysis.totals",
    "expiring": "analysis.expiring",
    "aging": "analysis.aging",
    "upcoming": "analysis.upcoming",
    "distance": "analysis.distance",
    "bands": "analysis.bands",
    "quality": "analysis.quality",
    "value": "analysis.value",
    "freshness": "analysis.freshness",
    "changes": "analysis.over_time.changes",
    "roll_forward": "analysis.over_time.roll_forward",
    "pace": "analysis.over_time.pace",
    "activity": "analysis.over_time.activity",
    "dues": "analysis.over_time.dues",
    "lapse": "analysis.over_time.lapse",
    "forecast": "analysis.over_time.forecast",
    "backtest": "analysis.over_time.backtest",
    "AtriumClient": "client",
    "pull": "client.pull",
    "reward_event": "webhook",
    "History": "history",
    "plot_totals": "plots.totals",
    "plot_expiring": "plots.expiring",
    "plot_aging": "plots.aging",
    "plot_distance": "plots.distance",
    "plot_roll_forward": "plots.roll_forward",
    "plot_balance": "plots.balance",
    "plot_pace": "plots.pace",
    "plot_bands": "plots.bands",
    "plot_lapse": "plots.lapse",
    "plot_forecast": "plots.forecast",
    "plot_due": "plots.due",
    "show": "show",
    "explore": "widgets.explore.widget",
    "Explore": "widgets.explore.widget",
    "connect": "widgets.connect.form",
    "DemoSandbox": "widgets.connect.demo_sandbox",
    "report": "reporting.report",
    "notebook_report": "reporting.notebook.report",
    "reports": "reporting.batch.reports",
} | dict.fromkeys(
    (
        "RewardsError",
        "RewardsWarning",
        "ArgumentError",
        "FrameError",
        "MissingColumnError",
        "MissingDependencyError",
        "ClusterError",
        "CredentialsError",
        "SourceError",
        "InvalidRewardsError",
        "NotebookError",
        "AtriumError",
        "AuthenticationError",
        "ForbiddenError",
        "NotFoundError",
        "ConflictError",
        "RateLimitError",
        "UnsupportedInstitutionError",
        "AggregationError",
        "ChallengeError",
        "AggregationTimeout",
    ),
    "errors",
)

__all__ = ["__version__", *_HOME]

TYPE_CHECKING = False  # `typing` takes a third of the time of the command's start
if TYPE_CHECKING:
    from typing import Any

    # For type checkers and editors, which do not run `__getattr__`.
    from rewards_analytics import show as show
    from rewards_analytics.analysis.aging import aging as aging
    from rewards_analytics.analysis.balances import balances as balances
    from rewards_analytics.analysis.bands import bands as bands
    from rewards_analytics.analysis.distance import distance as distance
    from rewards_analytics.analysis.expiring import expiring as expiring
    from rewards_analytics.analysis.freshness import freshness as freshness
    from rewards_analytics.analysis.holdings import holdings as holdings
    from rewards_analytics.analysis.over_time.activity import activity as activity
    from rewards_analytics.analysis.over_time.backtest import backtest as backtest
    from rewards_analytics.analysis.over_time.changes import changes as changes
    from rewards_analytics.analysis.over_time.dues import dues as dues
    from rewards_analytics.analysis.over_time.forecast import forecast as forecast
    from rewards_analytics.analysis.over_time.lapse import lapse as lapse
    from rewards_analytics.analysis.over_time.pace import pace as pace
    from rewards_analytics.analysis.over_time.roll_forward import roll_forward as roll_forward
    from rewards_analytics.analysis.quality import quality as quality
    from rewards_analytics.analysis.totals import totals as totals
    from rewards_analytics.analysis.upcoming import upcoming as upcoming
    from rewards_analytics.analysis.value import value as value
    from rewards_analytics.client import AtriumClient as AtriumClient
    from rewards_analytics.client.pull import pull as pull
    from rewards_analytics.errors import (
        AggregationError as AggregationError,
        AggregationTimeout as AggregationTimeout,
        ArgumentError as ArgumentError,
        AtriumError as AtriumError,
        AuthenticationError as AuthenticationError,
        ChallengeError as ChallengeError,
        ClusterError as ClusterError,
        ConflictError as ConflictError,
        CredentialsError as CredentialsError,
        ForbiddenError as ForbiddenError,
        FrameError as FrameError,
        InvalidRewardsError as InvalidRewardsError,
        MissingColumnError as MissingColumnError,
        MissingDependencyError as MissingDependencyError,
        NotebookError as NotebookError,
        NotFoundError as NotFoundError,
        RateLimitError as RateLimitError,
        RewardsError as RewardsError,
        RewardsWarning as RewardsWarning,
        SourceError as SourceError,
        UnsupportedInstitutionError as UnsupportedInstitutionError,
    )
    from rewards_analytics.history import History as History
    from rewards_analytics.loading.check import check as check
    from rewards_analytics.loading.load import load as load
    from rewards_analytics.loading.scan import scan as scan
    from rewards_analytics.loading.write import write as write
    from rewards_analytics.plots.aging import plot_aging as plot_aging
    from rewards_analytics.plots.balance import plot_balance as plot_balance
    from rewards_analytics.plots.bands import plot_bands as plot_bands
    from rewards_analytics.plots.distance import plot_distance as plot_distance
    from rewards_analytics.plots.due import plot_due as plot_due
    from rewards_analytics.plots.expiring import plot_expiring as plot_expiring
    from rewards_analytics.plots.forecast import plot_forecast as plot_forecast
    from rewards_analytics.plots.lapse import plot_lapse as plot_lapse
    from rewards_analytics.plots.pace import plot_pace as plot_pace
    from rewards_analytics.plots.roll_forward import plot_roll_forward as plot_roll_forward
    from rewards_analytics.plots.totals import plot_totals as plot_totals
    from rewards_analytics.reporting.batch.reports import reports as reports
    from rewards_analytics.reporting.notebook.report import notebook_report as notebook_report
    from rewards_analytics.reporting.report import report as report
    from rewards_analytics.webhook import reward_event as reward_event
    from rewards_analytics.widgets.connect.demo_sandbox import DemoSandbox as DemoSandbox
    from rewards_analytics.widgets.connect.form import connect as connect
    from rewards_analytics.widgets.explore.widget import Explore as Explore, explore as explore


def __getattr__(name: str) -> Any:
    """Load a public name from its module when it is first used."""
    from importlib import import_module

    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module = import_module(f"{__name__}.{_HOME[name]}")
    value = module if name == _HOME[name] else getattr(module, name)  # `show` is a module of functions
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
