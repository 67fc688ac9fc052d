"""Reports, for people who do not use notebooks."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from rewards_analytics.analysis.arguments import day
from rewards_analytics.cli.engines import Engine, scanned
from rewards_analytics.cli.messages import INVALID_DATA, say_error
from rewards_analytics.cli.options import AsOf, OptionalRates, Source, date_of, path_of, source_of, standard_input
from rewards_analytics.cli.results import show_written
from rewards_analytics.errors import ArgumentError, SourceError
from rewards_analytics.reporting.report import is_workbook
from rewards_analytics.terminal import printable

if TYPE_CHECKING:
    import polars as pl

    from rewards_analytics.history import History


_Out = Annotated[
    Path,
    typer.Option(
        "--out",
        "-o",
        parser=path_of,
        metavar="PATH",
        help="The file to write: HTML, or a workbook if it ends in .xlsx; with --by, the folder.",
    ),
]
_Title = Annotated[str | None, typer.Option("--title", help="Title of the report.")]
_History = Annotated[
    str | None,
    typer.Option("--history", metavar="HISTORY", help="Folder or URL of a history: the report then shows what moved."),
]
_Freshness = Annotated[
    Path | None,
    typer.Option(
        "--freshness",
        metavar="FILE",
        help="When each member was last aggregated, as written by pull; by default the file in a folder SOURCE.",
    ),
]
_Pdf = Annotated[
    bool,
    typer.Option("--pdf", help="Also write a PDF with the same name. If PATH ends in .pdf, only the PDF is written."),
]
_By = Annotated[
    str | None,
    typer.Option(
        "--by", metavar="COLUMN", help="Write a report for each value of this column, which a history must have too."
    ),
]
_Notebook = Annotated[
    Path | None, typer.Option("--notebook", metavar="FILE", help="Create the report by running this notebook.")
]
_Parameters = Annotated[
    list[str] | None,
    typer.Option("--parameter", "-p", metavar="NAME=VALUE", help="Another parameter of the notebook; can be repeated."),
]


def report(
    source: Source,
    out: _Out,
    as_of: AsOf = None,
    title: _Title = None,
    rates: OptionalRates = None,
    history: _History = None,
    freshness: _Freshness = None,
    pdf: _Pdf = False,
    by: _By = None,
    notebook: _Notebook = None,
    parameters: _Parameters = None,
    engine: Engine = None,
) -> None:
    """Write a report as one HTML file or as a workbook; with --pdf also as a PDF, with --by one for each group."""
    from rewards_analytics.loading.load import load

    if notebook is None and parameters:
        raise ArgumentError("--parameter sets a parameter of a notebook: name the notebook with --notebook.")
    routes = (("--pdf", pdf), ("--by", by), ("--notebook", notebook))
    for first, second in combinations((*routes, ("--engine", notebook and engine)), 2):
        if first[1] and second[1]:
            raise ArgumentError(f"{first[0]} and {second[0]} cannot be combined: choose one.")
    if notebook is not None:
        files = {"rates": rates, "freshness": freshness}
        given: dict[str, Any] = {name: str(file.absolute()) for name, file in files.items() if file is not None}
        given |= {"title": title, "history": history and _place_of(history), **_pairs(parameters or [])}
        _from_notebook(notebook, source, out, date_of(as_of), given)
        return
    options = {"as_of": date_of(as_of), "title": title, "rates": rates, "history": _opened(history)}
    rewards = load(source_of(source)) if engine is None else scanned(source, engine)
    is_pdf = pdf or (by is None and out.suffix.lower() == ".pdf")
    _from_rewards(rewards, out, options | {"freshness": _members(source, freshness)}, by=by, pdf=is_pdf)


def _from_rewards(rewards: Any, out: Path, options: dict[str, Any], *, by: str | None, pdf: bool) -> None:
    from rewards_analytics.reporting.report import report as write_report, report_with_pdf

    if by is not None:
        _for_each(by, rewards, out, options)
    elif pdf:
        for path in report_with_pdf(rewards, out, **options):
            show_written(path)
    else:
        show_written(write_report(rewards, out, **options))


def _opened(path: str | None) -> History | None:
    from rewards_analytics.history import History

    return None if path is None else History(path)


def _members(source: str, file: Path | None) -> pl.DataFrame | None:
    """Members of the file, or of the file that a pull left in the folder of the rewards."""
    from rewards_analytics.client.pull.freshness import MEMBERS_FILE, read_members

    if file is not None:
        return read_members(file)
    found = Path(source, MEMBERS_FILE)
    try:
        return read_members(found) if found.is_file() else None
    except SourceError as error:
        say_error(f"warning: {error} The report does not say how fresh the rewards are.")
        return None


def _for_each(by: str, rewards: Any, folder: Path, options: dict[str, Any]) -> None:
    from rewards_analytics.reporting.batch.reports import reports

    batch = reports(rewards, folder, by=by, **options)
    show_written(batch.index)
    for group, error in batch.failures:
        say_error(f"no report for {printable(by)} {group!r}: {error}")
    if batch.failures:
        raise typer.Exit(INVALID_DATA)


def _from_notebook(notebook: Path, source: str, out: Path, as_of: date | None, given: dict[str, Any]) -> None:
    from rewards_analytics.reporting.notebook.report import notebook_report

    if is_workbook(out) or out.suffix.lower() == ".pdf":
        kind = "a workbook" if is_workbook(out) else "a PDF"
        raise ArgumentError(f"{out} names {kind}, and a notebook gives a page. Let the name end in .html.")
    with _readable_elsewhere(source) as place:
        parameters = _parameters(notebook, as_of, {"source": place} | given)
        show_written(notebook_report(notebook, out, parameters=parameters))


def _parameters(notebook: Path, as_of: date | None, given: dict[str, Any]) -> dict[str, Any]:
    """The given values, with defaults for `as_of` and `freshness` if the notebook has these parameters.

    The defaults are today, and the file of members that a pull left in the folder of the rewards.
    """
    from rewards_analytics.client.pull.freshness import MEMBERS_FILE
    from rewards_analytics.reporting.notebook.report import parameters_of

    chosen = {name: value for name, value in given.items() if value is not None}
    known = parameters_of(notebook)
    if as_of is not None or ("as_of" not in chosen and "as_of" in known):
        chosen["as_of"] = day(as_of).isoformat()
    if "freshness" not in chosen and "freshness" in known:
        members = Path(str(chosen["source"]), MEMBERS_FILE)
        chosen["freshness"] = str(members) if members.is_file() else None
    return chosen


def _pairs(texts: Sequence[str]) -> dict[str, Any]:
    """Parameters as typed: a value that is valid JSON is parsed, any other is text."""
    pairs = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not (name and equals):
            raise ArgumentError(f"--parameter {text!r} is not of the form NAME=VALUE.")
        try:
            pairs[name] = json.loads(value)
        except json.JSONDecodeError:
            pairs[name] = value
    return pairs


def _place_of(source: str) -> str:
    """Return the path or URL of a source, also from another folder."""
    return source if "://" in source else str(Path(source).absolute())


@contextmanager
def _readable_elsewhere(source: str) -> Iterator[str]:
    """Path of a source that another process can read from another folder; standard input becomes a file."""
    if source != "-":
        yield _place_of(source)
        return
    # Without a name where the system offers a path to it anyway, so that no data is left if this process is killed.
    nameless = Path(f"/proc/{os.getpid()}/fd").is_dir()
    with tempfile.TemporaryFile() if nameless else tempfile.NamedTemporaryFile(prefix="rewards-") as file:
        shutil.copyfileobj(standard_input(), file)
        file.flush()
        yield f"/proc/{os.getpid()}/fd/{file.fileno()}" if nameless else file.name
