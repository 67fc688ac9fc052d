"""Analytics for loyalty balances: load rewards, ask how much, what expires when, how far to go.

The shortest tour::

    import rewards_analytics as ra

    rewards = ra.load("data/rewards.json")
    ra.totals(rewards)                     # what is held, per unit
    ra.expiring(rewards, every="month")    # what expires when
    ra.distance(rewards)                   # how far to the next level or reward
    ra.explore(rewards)                    # all of it as a dashboard in JupyterLab
    ra.report(rewards, "report.html")      # all of it as one file to send

Importing the package is cheap: each name loads what it needs when it is first used.
"""

from importlib import import_module
from typing import Any

__version__ = "0.1.0"

_HOME = {
    "load": "loading",
    "check": "loading.check",
    "scan": "loading.scan",
    "write": "loading.write",
    "balances": "analysis.balances",
    "holdings": "analysis.holdings",
    "totals": "analysis.totals",
    "expiring": "analysis.expiring",
    "aging": "analysis.aging",
    "distance": "analysis.distance",
    "quality": "analysis.quality",
    "AtriumClient": "client",
    "pull": "client.pull",
    "plot_totals": "plots.totals",
    "plot_expiring": "plots.expiring",
    "plot_aging": "plots.aging",
    "plot_distance": "plots.distance",
    "explore": "widgets.explore",
    "report": "reporting",
} | dict.fromkeys(
    (
        "RewardsError",
        "RewardsWarning",
        "ArgumentError",
        "FrameError",
        "MissingColumnError",
        "MissingDependencyError",
        "CredentialsError",
        "SourceError",
        "InvalidRewardsError",
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


def __getattr__(name: str) -> Any:
    """Load a public name from its module when it is first used."""
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
