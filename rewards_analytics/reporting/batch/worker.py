"""One report of a batch, in the process that makes it. Heavy imports wait for the first report."""

from __future__ import annotations

import os
import signal
import warnings
from collections.abc import Sequence
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from datetime import date
from multiprocessing.connection import Connection
from pathlib import Path
from threading import Thread
from typing import IO, TYPE_CHECKING, TypeAlias

from rewards_analytics.errors import RewardsError, RewardsWarning
from rewards_analytics.files import remove_temporary, whole_file

if TYPE_CHECKING:
    import polars as pl

    from rewards_analytics.analysis.rates import RateTable
    from rewards_analytics.reporting.moved import Moved
    from rewards_analytics.results.records import Record

    Task: TypeAlias = tuple[pl.DataFrame, Path, date, str, RateTable | None, Moved | None, pl.DataFrame | None]
    """What `make` is called with."""

GENERATOR = b'name="generator" content="rewards-analytics'


@dataclass(frozen=True)
class Made:
    """A written report: the number of its rewards, its totals, and the warnings while it was made."""

    rewards: int
    totals: Sequence[Record]
    warnings: list[str]


def begin(parent: Connection) -> None:
    """Set up a worker process: one Polars thread, because more would compete with the other workers.

    It ignores interrupts, which the parent process handles. It ends at once when the other end of the connection
    closes, as that does when the parent gives up or is killed.
    """
    os.environ.setdefault("POLARS_MAX_THREADS", "1")
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    Thread(target=_end_with, args=(parent,), daemon=True).start()


def _end_with(parent: Connection) -> None:
    with suppress(OSError):
        parent.poll(None)
    remove_temporary()
    os._exit(1)


def make(
    rewards: pl.DataFrame,
    path: Path,
    as_of: date,
    title: str,
    rates: RateTable | None,
    moved: Moved | None,
    freshness: pl.DataFrame | None,
) -> Made:
    """Write one report."""
    from rewards_analytics.reporting.facts import report_facts
    from rewards_analytics.reporting.page import page

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        with own_file(path) as file:
            facts = report_facts(rewards, as_of=as_of, title=title, rates=rates, history=moved, freshness=freshness)
            file.write(page(facts).encode())
    totals = [{name: row[name] for name in ("unit_type", "available")} for row in facts["totals"]]
    return Made(
        facts["source"]["rewards"],
        totals,
        [str(each.message) for each in caught if issubclass(each.category, RewardsWarning)],
    )


def own_file(path: Path) -> AbstractContextManager[IO[bytes]]:
    """Open a file to write whole, as `whole_file` does; refuse to replace a file that this package did not write."""
    if path.is_file() and GENERATOR not in _beginning(path):
        raise RewardsError(
            f"{path} exists and is not a report of this package, so it is not replaced. "
            "Move it, or name another folder."
        )
    return whole_file(path)


def _beginning(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(4096)
    except OSError as error:
        raise RewardsError(
            f"{path} exists and cannot be read ({error.strerror}), so it is not replaced. "
            "Move it, or name another folder."
        ) from error
