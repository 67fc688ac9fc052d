"""One report of a batch, in whichever process it is made. Nothing heavy is imported before the first one is."""

from __future__ import annotations

import os
import signal
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from rewards_analytics.errors import RewardsError, RewardsWarning
from rewards_analytics.files import whole_file

GENERATOR = b'name="generator" content="rewards-analytics'


@dataclass(frozen=True)
class Made:
    """A report that was written: how many rewards it is of, its totals, and what it was warned of."""

    rewards: int
    totals: Sequence[Mapping[str, Any]]
    warnings: list[str]


def begin() -> None:
    """Prepare a process that works beside others: one thread of Polars is enough, and more would get in their way.

    An interrupt is for the process that started it, which ends this one.
    """
    os.environ.setdefault("POLARS_MAX_THREADS", "1")
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def make(rewards: Any, path: Path, as_of: date, title: str, rates: Any) -> Made:
    """Write one report."""
    from rewards_analytics.reporting.facts import report_facts
    from rewards_analytics.reporting.page import page

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        with own_file(path) as file:
            facts = report_facts(rewards, as_of=as_of, title=title, rates=rates)
            file.write(page(facts).encode())
    totals = [{name: row[name] for name in ("unit_type", "available")} for row in facts["totals"]]
    return Made(
        facts["source"]["rewards"],
        totals,
        [str(each.message) for each in caught if issubclass(each.category, RewardsWarning)],
    )


def own_file(path: Path) -> Any:
    """Open a file to write whole, as `whole_file`; never in place of one that this package has not written."""
    if path.is_file():
        with path.open("rb") as file:
            if GENERATOR not in file.read(4096):
                raise RewardsError(
                    f"{path} is in the way, and is no report of this package. Move it, or name another folder."
                )
    return whole_file(path)
