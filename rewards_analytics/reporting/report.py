"""Product reports: facts (`facts`), then the page (`page`), then one file, whole or not at all."""

from __future__ import annotations

import os
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

from rewards_analytics.errors import ArgumentError
from rewards_analytics.files import whole_file


def report(
    rewards: Any,
    path: str | os.PathLike[str],
    *,
    as_of: date | None = None,
    title: str | None = None,
    rates: Any = None,
    history: Any = None,
    freshness: Any = None,
) -> Path:
    """Write a report of rewards as one self-contained HTML file, or as an Excel workbook.

    The page needs no network, no script and no fonts. A `path` that ends in `.xlsx` gets the workbook instead: a sheet
    for each table of the page, with real numbers.

    It begins with a summary in words. Then it shows totals per unit, the timeline of the next 24 months, the aging
    schedule, the next expiries, the nearest goals, the bands of balances and the quality checks, with pictures and the
    definition of each number. Rates, members and a history add what balances are worth, how fresh they are, and what
    moved. The same rewards, as-of date, title, rates, history, freshness and package version give the same bytes.

    Parameters
    ----------
    rewards
        Rewards as `load` returns them, in a frame of any supported kind; the columns that `holdings` reads,
        `description`, and `created_at` if present.
    path
        File to write. An existing one is replaced, but only once the new one is complete.
    as_of
        Day from which the report looks ahead, today in UTC if None.
    title
        Title of the page, `Rewards report` if None.
    rates
        Dollars per unit, in any form that `value` takes. Without rates the page does not mention value.
    history
        A `History`, or rewards in a frame of any supported kind with a column `taken_on`. With it the page shows what
        moved in the last 12 months up to `as_of`; later snapshots do not count. See `roll_forward`.
    freshness
        When each member was last aggregated: a frame like `pull(…).freshness`. With it the page says how much of each
        unit is stale; see `rewards_analytics.freshness`.

    Returns
    -------
    The path of the file.

    Raises
    ------
    RewardsError
        If the file cannot be written; an earlier file at `path` stays as it was.
    MissingColumnError, FrameError
        If `rewards` is not a frame of rewards, or `history` not a history.
    ArgumentError, SourceError
        If `rates` are not rates; see `value`.

    Examples
    --------
    >>> from datetime import date
    >>> from tempfile import TemporaryDirectory
    >>> import rewards_analytics as ra
    >>> rewards = ra.load([{"guid": "RWD-1", "user_guid": "USR-1", "member_guid": "MBR-1",
    ...     "balance_type": "TOTAL_BALANCE", "unit_type": "MILES", "balance": 1200}])
    >>> with TemporaryDirectory() as folder:
    ...     file = ra.report(rewards, f"{folder}/report.html", as_of=date(2026, 11, 23))
    ...     "1,200 miles" in file.read_text(encoding="utf-8")
    True
    """
    from rewards_analytics.reporting.facts import report_facts
    from rewards_analytics.reporting.page import page
    from rewards_analytics.reporting.workbook import report_workbook

    # Opened first, so that a path that cannot be written fails before any work is done.
    with whole_file(path) as file:
        facts = report_facts(rewards, as_of=as_of, title=title, rates=rates, history=history, freshness=freshness)
        file.write(report_workbook(facts) if is_workbook(path) else page(facts).encode())
    return Path(path)


def is_workbook(path: str | os.PathLike[str]) -> bool:
    """Return whether a path names an Excel workbook."""
    return Path(path).suffix.lower() == ".xlsx"


def report_with_pdf(
    rewards: Any,
    path: str | os.PathLike[str],
    *,
    as_of: date | None = None,
    title: str | None = None,
    rates: Any = None,
    history: Any = None,
    freshness: Any = None,
) -> list[Path]:
    """Write a report, and the same pages as PDF next to it: both files or neither. See `report`.

    For a path that ends in `.pdf`, only the PDF is written.

    Raises
    ------
    ArgumentError
        If `path` names a workbook.
    MissingDependencyError
        If neither Chromium nor Chrome is installed to print it. Other errors are as in `report`.
    """
    from rewards_analytics.reporting.facts import report_facts
    from rewards_analytics.reporting.page import page
    from rewards_analytics.reporting.pdf import browser, printed

    if is_workbook(path):
        raise ArgumentError(
            f"{os.fspath(path)} names a workbook, which is not printed. Let the name end in .html or .pdf."
        )
    browser()
    analysed = partial(
        report_facts, rewards, as_of=as_of, title=title, rates=rates, history=history, freshness=freshness
    )
    target = Path(path)
    if target.suffix.lower() == ".pdf":
        with whole_file(target) as file:
            file.write(printed(analysed()))
        return [target]
    html = target.suffix.lower() in (".html", ".htm")
    paper = target.with_suffix(".pdf") if html else target.with_name(f"{target.name}.pdf")
    with whole_file(target) as file, whole_file(paper) as paper_file:
        facts = analysed()
        file.write(page(facts).encode())
        paper_file.write(printed(facts))
    return [target, paper]
