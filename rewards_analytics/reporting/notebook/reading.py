"""Reads the file of a notebook, or says why it cannot be run."""

from __future__ import annotations

import warnings
from pathlib import Path

import nbformat

from rewards_analytics.errors import NotebookError


def read(path: Path) -> nbformat.NotebookNode:
    """Read a notebook's file; `NotebookError` if it is not one, or not in Python."""
    try:
        with warnings.catch_warnings(action="ignore"):  # of cells without an id, which older programs write
            node = nbformat.read(str(path), as_version=4)
        languages = [node.metadata.kernelspec.get("language")] if "kernelspec" in node.metadata else []
        languages += [node.metadata.language_info.get("name")] if "language_info" in node.metadata else []
    except OSError as error:
        raise NotebookError.cannot_read(path, f"{error.strerror}.") from error
    except nbformat.NBFormatError as error:
        raise NotebookError.cannot_read(path, f"{error}.") from error
    except (nbformat.ValidationError, ValueError, AttributeError, KeyError, TypeError) as error:
        # nbformat looks inside before it looks at the shape.
        raise NotebookError.cannot_read(path, "It is not a notebook.") from error
    for language in languages:
        if language and language != "python":
            raise NotebookError.cannot_read(path, f"Its language is {language}, and only Python notebooks are run.")
    return node
