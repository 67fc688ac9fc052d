"""Reports from a notebook: run with parameters (`running`), then a page (`exporting`), written whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rewards_analytics.errors import MissingDependencyError
from rewards_analytics.files import whole_file


def notebook_report(
    notebook: str | os.PathLike[str],
    path: str | os.PathLike[str],
    *,
    parameters: Mapping[str, Any] | None = None,
) -> Path:
    """Run a notebook with parameters and write its outputs as one self-contained HTML file.

    The page shows words, tables, pictures and the contents of each widget, but no code. It loads nothing from outside,
    and no text of a provider runs in it as a script. The notebook runs in this Python, in its own folder.

    Parameters
    ----------
    notebook
        The notebook's file. It is read, not changed.
    path
        File to write. An existing one is replaced, but only once the new one is complete.
    parameters
        Values for names that the notebook's cell tagged `parameters` assigns: text, numbers, true or false, None,
        lists and mappings of these.

    Returns
    -------
    The path of the file.

    Raises
    ------
    ArgumentError
        If the notebook has no such parameter.
    NotebookError
        If the notebook cannot be read or a cell fails; it names the cell and the error. Nothing is written.
    RewardsError
        If the file cannot be written; an earlier file at `path` stays as it was.
    MissingDependencyError
        If the packages of the extra `notebook` are not installed.

    Warns
    -----
    RewardsWarning
        If cells write to standard error. The page leaves it out, and the warning quotes it.

    Examples
    --------
    >>> import rewards_analytics as ra
    >>> ra.notebook_report("absent.ipynb", "report.html")
    Traceback (most recent call last):
        ...
    rewards_analytics.errors.NotebookError: Cannot read the notebook absent.ipynb: No such file or directory.
    """
    try:
        from rewards_analytics.reporting.notebook.exporting import exported
        from rewards_analytics.reporting.notebook.running import executed, read
    except ImportError as error:
        raise MissingDependencyError.for_extra(error.name or "nbconvert", "notebook") from error

    file_of_notebook = Path(notebook)
    node = read(file_of_notebook)
    # Opened first, so that a path that cannot be written fails before the notebook runs.
    with whole_file(path) as file:
        done = executed(node, parameters or {}, file_of_notebook)
        file.write(exported(done, folder=file_of_notebook.parent).encode())
    return Path(path)


def parameters_of(notebook: str | os.PathLike[str]) -> list[str]:
    """Return the names that a notebook's cell tagged `parameters` assigns."""
    try:
        from rewards_analytics.reporting.notebook.running import known_parameters, read
    except ImportError as error:
        raise MissingDependencyError.for_extra(error.name or "papermill", "notebook") from error
    return known_parameters(read(Path(notebook)))
