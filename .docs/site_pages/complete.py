"""What fails the build: an example that gives something else, and a name, command or notebook without a page.

Sphinx itself fails it for a broken link, and `conf.py` decides which unresolved names are one.
"""

from __future__ import annotations

import doctest
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util import logging

import rewards_analytics as ra
from site_pages import command_line, gallery, included, reference

_log = logging.getLogger(__name__)


def check(app: Sphinx, environment: BuildEnvironment) -> None:
    """Warn of each of them with its place, once all pages are read; `-W` makes errors of warnings."""
    for missing in _missing(Path(app.srcdir).parent, environment):
        _log.warning("%s", missing)
    for path in _pages(Path(app.srcdir), environment):
        _run_examples(path)


def _pages(folder: Path, environment: BuildEnvironment) -> Iterator[Path]:
    """The files that people write: the README, the pages of this folder, and those that are shown as pages."""
    for file in ("README.md", *included.PAGES.values()):
        yield folder.parent / file
    for page in sorted(environment.found_docs):
        path = Path(environment.doc2path(page))
        if path.suffix == ".md" and "generated" not in path.parts:
            yield path


def _missing(root: Path, environment: BuildEnvironment) -> Iterator[str]:
    described = environment.get_domain("py").data["objects"]
    names = [name for name in ra.__all__ if name not in ("__version__", "show")]
    for name in [*names, *(f"show.{name}" for name in ra.show.__all__)]:
        if f"rewards_analytics.{name}" not in described:
            yield f"ra.{name} is on no page: add it to GROUPS in .docs/site_pages/reference.py"
    advice = (root / ".docs" / "how-to" / "errors.md").read_text(encoding="utf-8")
    for name in reference.errors():
        if name != "RewardsError" and f"| `{name}` |" not in advice:
            yield f"ra.{name} comes without advice: say in .docs/how-to/errors.md what to do"
    labels = environment.get_domain("std").data["anonlabels"]
    for name in command_line.commands():
        if f"command-{name}" not in labels:
            yield f"the command {name} is on no page: see .docs/site_pages/command_line.py"
    shown = gallery.notebooks(root / ".docs")
    for notebook in sorted((root / "notebooks").rglob("*.ipynb")):
        # JupyterLab keeps copies in a hidden folder.
        if notebook not in shown and not notebook.parent.name.startswith("."):
            yield f"{notebook.relative_to(root)} is not in the gallery: see .docs/site_pages/gallery.py"


class _Examples(doctest.DocTestRunner):
    """Warns of an example that gives something else, at its line."""

    def __init__(self, path: Path) -> None:
        super().__init__(verbose=False, optionflags=doctest.NORMALIZE_WHITESPACE)
        self._path = path

    def _warn(self, example: doctest.Example, found: str) -> None:
        said = f"the example {example.source.strip()!r} gives {found.strip()!r} instead of {example.want.strip()!r}"
        _log.warning("%s", said, location=f"{self._path}:{example.lineno + 1}")

    def report_failure(self, out: Any, test: Any, example: doctest.Example, got: str) -> None:  # noqa: ARG002
        self._warn(example, got)

    def report_unexpected_exception(self, out: Any, test: Any, example: doctest.Example, exc_info: Any) -> None:  # noqa: ARG002
        self._warn(example, f"{exc_info[0].__name__}: {exc_info[1]}")


def _run_examples(path: Path) -> None:
    examples = doctest.DocTestParser().get_doctest(path.read_text(encoding="utf-8"), {}, path.name, str(path), 0)
    _Examples(path).run(examples, out=lambda _: None)
