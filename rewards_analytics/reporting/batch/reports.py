"""Batches: a report for each group of rewards, and an index page that links to them."""

from __future__ import annotations

import os
import signal
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from itertools import repeat
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NoReturn, TypeAlias

from rewards_analytics.errors import ArgumentError, RewardsError, RewardsWarning
from rewards_analytics.files import writable_folder
from rewards_analytics.interactive import is_interactive
from rewards_analytics.reporting.batch.worker import Made, begin, make, own_file

if TYPE_CHECKING:
    from tqdm import tqdm

    from rewards_analytics.reporting.batch.groups import Groups
    from rewards_analytics.reporting.batch.histories import GroupedHistory
    from rewards_analytics.reporting.batch.worker import Task
    from rewards_analytics.reporting.moved import Moved

    Submit: TypeAlias = Callable[[Task], Future[Made]]

WORTH_A_PROCESS: Final = 8
"""Reports per process that make up for the seconds that starting one takes."""

AHEAD: Final = 4
"""Groups queued per process: enough that no process waits, few enough to hold in memory."""


@dataclass(frozen=True)
class Batch:
    """The outcome of a batch.

    Attributes
    ----------
    index
        The index page.
    written
        A pair of group and path for each report.
    failures
        A pair of group and error for each group whose report failed.
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
    history: Any = None,
    freshness: Any = None,
    workers: int | None = None,
    progress: bool | None = None,
) -> Batch:
    """Write a report for each group of rewards into a folder, and an `index.html` that links to them.

    A group whose report fails is listed in `.failures` and on the page; the others are not affected. The same rewards,
    as-of date, title, rates, history, freshness and version give the same files, whatever the number of processes.

    Parameters
    ----------
    rewards
        Rewards as for `report`, in a frame of any supported kind; more columns than the ten are allowed.
    folder
        Folder to write to, created if missing. Reports of an earlier batch are replaced; those of groups that no longer
        exist stay. A file that is not a report is never touched.
    by
        The column to group by. Rewards without a value form a group of their own.
    as_of, title, rates, freshness
        As for `report`. The group is added to the title.
    history
        As for `report`, with the column `by`, which must hold text. A group's report shows what moved in its own
        rewards. It says what is likely to lapse if the group itself had enough dues in the past year.
    workers
        Number of processes; if None, up to one per core if there are enough groups. With more than one, a script needs
        the usual `if __name__ == "__main__":` guard.
    progress
        Whether to show a progress bar; if None, on a terminal and in a notebook.

    Raises
    ------
    RewardsError
        If the folder or its index page cannot be written.
    MissingColumnError, FrameError
        If `rewards` is not a frame of rewards, `history` not a history, or either has no column `by`.

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
    from rewards_analytics.analysis.freshness import last_aggregated
    from rewards_analytics.analysis.rates import read_rates
    from rewards_analytics.reporting.batch.file_names import file_names
    from rewards_analytics.reporting.batch.groups import Groups
    from rewards_analytics.reporting.batch.histories import GroupedHistory
    from rewards_analytics.reporting.batch.index_page import Entry, index_page
    from rewards_analytics.reporting.facts import TITLE

    if workers is not None and (not isinstance(workers, int) or workers < 1):
        raise ArgumentError.below("workers", workers, 1, kind="an integer")
    as_of, title = day(as_of), title or TITLE
    rates = None if rates is None else read_rates(rates)
    members = None if freshness is None else last_aggregated(freshness).to_native()
    past = None if history is None else GroupedHistory(history, by, as_of)
    groups = Groups(rewards, by)
    place = writable_folder(folder)
    paths = [place / name for name in file_names(groups.values)]
    # Opened first, so that a foreign index page is refused before any work is done.
    with own_file(place / "index.html") as file:
        tasks = (
            (group.rewards, path, as_of, group_title(title, by, group.value), rates, moved, group.of_its_own(members))
            for group, path, moved in zip(groups, paths, _moved(past, groups), strict=True)
        )
        done = list(_done(tasks, len(paths), _processes(workers, len(paths)), progress))
        entries = [
            Entry(value, path.name, *_outcome(future))
            for value, path, future in zip(groups.values, paths, done, strict=True)
        ]
        file.write(index_page(groups.rewards, entries, by=by, as_of=as_of, title=title).encode())
    for message in dict.fromkeys(message for entry in entries if entry.made for message in entry.made.warnings):
        warnings.warn(message, RewardsWarning, stacklevel=2)
    return Batch(
        index=place / "index.html",
        written=[(entry.value, path) for entry, path in zip(entries, paths, strict=True) if entry.made],
        failures=[(entry.value, entry.error) for entry in entries if entry.error is not None],
    )


def _moved(past: GroupedHistory | None, groups: Groups) -> Iterator[Moved | None]:
    return repeat(None, len(groups.values)) if past is None else past.moved(groups.values)


def group_title(title: str, by: str, value: object) -> str:
    """Return the title of a group's report."""
    return f"{title}: {f'no {by}' if value is None else value}"


def _outcome(future: Future[Made]) -> tuple[Made | None, RewardsError | None]:
    """Return the report or its error. Unexpected errors count too, so that one group's data cannot stop the others."""
    error = future.exception()
    if error is None:
        return future.result(), None
    if isinstance(error, RewardsError):
        return None, error
    unexpected = RewardsError(f"{type(error).__name__}: {error}")
    unexpected.__cause__ = error
    return None, unexpected


def _processes(workers: int | None, groups: int) -> int:
    return workers or max(1, min(os.cpu_count() or 1, groups // WORTH_A_PROCESS))


def _done(tasks: Iterator[Task], number: int, processes: int, progress: bool | None) -> Iterator[Future[Made]]:
    """Yield the finished reports in the order of the tasks, only a few of which are held at a time."""
    from tqdm.auto import tqdm

    hidden = not (is_interactive() if progress is None else progress)
    with _executor(processes) as submit, tqdm(total=number, unit="report", disable=hidden) as bar:
        waiting: list[Future[Made]] = []
        for task in tasks:
            waiting.append(_submitted(submit, task))
            if len(waiting) > AHEAD * processes:
                yield _awaited(waiting.pop(0), bar)
        for future in waiting:
            yield _awaited(future, bar)


@contextmanager
def _executor(processes: int) -> Iterator[Submit]:
    """Processes, or a thread for one; whatever interrupts the block ends the processes at once."""
    # Spawned, because Polars's threads do not survive a fork.
    context = get_context("spawn")
    theirs, ours = context.Pipe(duplex=False)
    with (
        theirs,
        ours,
        ThreadPoolExecutor(1)
        if processes == 1
        else ProcessPoolExecutor(processes, mp_context=context, initializer=begin, initargs=(theirs,)) as executor,
        # Processes start in a thread, where Ctrl-C does not interrupt their start, and inherit its blocked signals.
        ThreadPoolExecutor(1, initializer=_block_terminal_signals) as starter,
    ):
        try:
            yield lambda task: starter.submit(lambda: executor.submit(make, *task)).result()
        except BaseException:
            ours.close()
            executor.shutdown(wait=False, cancel_futures=True)
            raise


def _block_terminal_signals() -> None:
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGHUP})


def _submitted(submit: Submit, task: Task) -> Future[Made]:
    try:
        return submit(task)
    except BrokenProcessPool as error:
        raise _broken() from error


def _awaited(future: Future[Made], bar: tqdm[NoReturn]) -> Future[Made]:
    error = future.exception()
    if isinstance(error, BrokenProcessPool):
        raise _broken() from error
    bar.update()
    return future


def _broken() -> RewardsError:
    return RewardsError(
        "A worker process died: it ran out of memory, or the script that calls reports() lacks the guard "
        '`if __name__ == "__main__":`. Try workers=1.'
    )
