"""Batches: a report for each group of rewards, and a page that leads to them."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from datetime import date
from multiprocessing import get_context
from pathlib import Path
from typing import Any, Final

from rewards_analytics.errors import ArgumentError, RewardsError, RewardsWarning
from rewards_analytics.files import writable_folder
from rewards_analytics.interactive import is_interactive
from rewards_analytics.reporting.batch.worker import Made, begin, make, own_file

WORTH_A_PROCESS: Final = 8
"""Reports for which starting another process, which takes seconds, pays."""

AHEAD: Final = 4
"""Groups handed out per process before the first of them is done: enough that none waits, few enough to hold."""


@dataclass(frozen=True)
class Batch:
    """What a batch has written.

    Attributes
    ----------
    index
        The page that leads to the reports.
    written
        A pair of group and path for each report.
    failures
        A pair of group and error for each group of which no report could be written.
    """

    index: Path
    written: list[tuple[Any, Path]]
    failures: list[tuple[Any, RewardsError]]


def reports(
    rewards: Any,
    folder: str | os.PathLike[str],
    *,
    by: str,
    as_of: date | None = None,
    title: str | None = None,
    rates: Any = None,
    workers: int | None = None,
    progress: bool | None = None,
) -> Batch:
    """Write a report for each group of rewards into a folder, with a page `index.html` that leads to them.

    A group that cannot be reported is listed in `.failures` and on the page, and costs no other. The same rewards,
    as-of date, title, rates and version give the same files, however many processes work.

    Parameters
    ----------
    rewards
        Rewards as for `report`, in a frame of any supported kind; more columns than the ten are allowed.
    folder
        Folder to write in, made if it is not there. Reports of an earlier batch are replaced; a file that is not one
        is never touched, and what the new batch has no group for stays.
    by
        The column whose values make the groups. Rewards without a value are a group of their own.
    as_of, title, rates
        As for `report`. The title of a report is followed by its group.
    workers
        Number of processes; if None, one for each core where there are enough groups to be worth it. With more than
        one, a script needs the usual `if __name__ == "__main__":` around its own work.
    progress
        Whether to show a progress bar; if None, on a terminal and in a notebook.

    Raises
    ------
    RewardsError
        If the folder or its index page cannot be written.
    MissingColumnError, FrameError
        If `rewards` is not a frame of rewards, or has no column `by`.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> import rewards_analytics as ra
    >>> rewards = ra.load([{"guid": f"RWD-{n}", "user_guid": f"USR-{n}", "member_guid": "MBR-1",
    ...     "balance_type": "TOTAL_BALANCE", "unit_type": "MILES", "balance": 1200} for n in (1, 2)])
    >>> with TemporaryDirectory() as folder:
    ...     batch = ra.reports(rewards, folder, by="user_guid", as_of=date(2026, 11, 23))
    ...     sorted(path.name for path in batch.index.parent.iterdir())
    ['USR-1.html', 'USR-2.html', 'index.html']
    """
    from rewards_analytics.analysis.arguments import day
    from rewards_analytics.analysis.rates import read_rates
    from rewards_analytics.reporting.batch.file_names import file_names
    from rewards_analytics.reporting.batch.groups import Groups
    from rewards_analytics.reporting.batch.index_page import Entry, index_page
    from rewards_analytics.reporting.facts import TITLE

    if workers is not None and workers < 1:
        raise ArgumentError(f"workers={workers} is below 1. Give the number of processes.")
    as_of, title = day(as_of), title or TITLE
    rates = None if rates is None else read_rates(rates)
    groups = Groups(rewards, by)
    place = writable_folder(folder)
    paths = [place / name for name in file_names(groups.values)]
    # Opened first, so that a foreign index page is told before any work is done.
    with own_file(place / "index.html") as file:
        tasks = (
            (group.rewards, path, as_of, group_title(title, by, group.value), rates)
            for group, path in zip(groups, paths, strict=True)
        )
        done = list(_done(tasks, len(paths), _processes(workers, len(paths)), progress))
        entries = [
            Entry(value, path.name, *_outcome(future))
            for value, path, future in zip(groups.values, paths, done, strict=True)
        ]
        file.write(index_page(groups.rewards, entries, by=by, as_of=as_of, title=title).encode())
    for said in dict.fromkeys(words for entry in entries if entry.made for words in entry.made.warnings):
        warnings.warn(said, RewardsWarning, stacklevel=2)
    return Batch(
        index=place / "index.html",
        written=[(entry.value, path) for entry, path in zip(entries, paths, strict=True) if entry.made],
        failures=[(entry.value, entry.error) for entry in entries if entry.error is not None],
    )


def group_title(title: str, by: str, value: Any) -> str:
    """Give the title of a group's report."""
    return f"{title}: {f'no {by}' if value is None else value}"


def _outcome(future: Future[Made]) -> tuple[Made | None, RewardsError | None]:
    """Give what came of a report: any error is its own, so that a fault in one group's data costs no other."""
    error = future.exception()
    if error is None:
        return future.result(), None
    if isinstance(error, RewardsError):
        return None, error
    unforeseen = RewardsError(f"{type(error).__name__}: {error}")
    unforeseen.__cause__ = error
    return None, unforeseen


def _processes(workers: int | None, groups: int) -> int:
    return workers or max(1, min(os.cpu_count() or 1, groups // WORTH_A_PROCESS))


def _done(tasks: Iterator[Any], number: int, processes: int, progress: bool | None) -> Iterator[Future[Made]]:
    """Give the finished reports in the order of the tasks, of which only a few are held at a time."""
    from tqdm.auto import tqdm

    hidden = not (is_interactive() if progress is None else progress)
    with _executor(processes) as executor, tqdm(total=number, unit="report", disable=hidden) as bar:
        waiting: list[Future[Made]] = []
        try:
            for task in tasks:
                waiting.append(_submitted(executor, task))
                if len(waiting) > AHEAD * processes:
                    yield _awaited(waiting.pop(0), bar)
            for future in waiting:
                yield _awaited(future, bar)
        except KeyboardInterrupt:
            executor.shutdown(wait=False, cancel_futures=True)
            raise


def _executor(processes: int) -> Executor:
    if processes == 1:
        return ThreadPoolExecutor(1)
    # Not forked: Polars and its threads do not survive that.
    return ProcessPoolExecutor(processes, mp_context=get_context("spawn"), initializer=begin)


def _submitted(executor: Executor, task: Any) -> Future[Made]:
    try:
        return executor.submit(make, *task)
    except BrokenProcessPool as error:
        raise _broken() from error


def _awaited(future: Future[Made], bar: Any) -> Future[Made]:
    error = future.exception()
    if isinstance(error, BrokenProcessPool):
        raise _broken() from error
    bar.update()
    return future


def _broken() -> RewardsError:
    return RewardsError(
        "A process that makes reports ended without a word: it ran out of memory, or the script that called "
        'reports() does not guard its own work by `if __name__ == "__main__":`. Try workers=1.'
    )
