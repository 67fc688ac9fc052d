"""The nbconvert preprocessor that turns a notebook into a page; `templates/rewards/conf.json` names it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any, Final

from bs4 import BeautifulSoup
from nbconvert.preprocessors import Preprocessor

from rewards_analytics.reporting.notebook.outputs import shown_by, words_of
from rewards_analytics.reporting.notebook.page_style import policy, script, style
from rewards_analytics.reporting.notebook.static_widgets import Widgets
from rewards_analytics.version import __version__

HIDDEN: Final = {"remove-cell", "remove_cell"}
"""Tags of cells for the notebook's author, which the page leaves out."""


class ReportPage(Preprocessor):  # type: ignore[misc]
    """Puts sanitised HTML of each cell, in sections, under `resources["rewards_page"]`. The notebook is unchanged."""

    def preprocess(self, nb: Any, resources: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
        """Build the page of an executed notebook."""
        folder = resources.get("metadata", {}).get("path", "")
        opening, *sections = _sections(_with_different_names(_blocks(nb, folder)))
        resources["rewards_page"] = {
            "title": _title("".join(opening)),
            "opening": "".join(opening),
            "sections": [_head_and_body(section) for section in sections],
            "style": style(),
            "script": script(),
            "policy": policy(),
            "version": __version__,
        }
        return nb, resources


def _blocks(nb: Any, folder: str) -> Iterator[str]:
    widgets = Widgets(nb.metadata, show=lambda output: shown_by(output, widgets))
    for cell in nb.cells:
        if HIDDEN & set(cell.metadata.get("tags", [])):
            continue
        if cell.cell_type == "markdown":
            yield words_of(cell, folder)
        for output in cell.get("outputs", []):
            yield from shown_by(output, widgets)


def _with_different_names(blocks: Iterable[str]) -> Iterator[str]:
    """Number the tables of one name, which a screen reader's list could not tell apart."""
    seen: Counter[str] = Counter()
    for block in blocks:
        soup = BeautifulSoup(block, "html.parser")
        for region in soup.find_all(role="region"):
            name = str(region.get("aria-label", ""))
            seen[name] += 1
            if seen[name] > 1:
                region["aria-label"] = f"{name} {seen[name]}"
        yield str(soup)


def _sections(blocks: Iterable[str]) -> list[list[str]]:
    """Start a section at each block that opens with a second-level heading."""
    sections: list[list[str]] = [[]]
    for block in blocks:
        if block.lstrip().startswith("<h2"):
            sections.append([])
        if block.strip():
            sections[-1].append(block)
    return sections


def _head_and_body(section: list[str]) -> dict[str, str]:
    """Split a section into its heading with the paragraph below it, and the rest."""
    first = BeautifulSoup(section[0], "html.parser")
    heading, *others = first.find_all(True, recursive=False)
    about = [heading, *others[:1]] if others and others[0].name == "p" else [heading]
    head = "".join(str(element.extract()) for element in about)
    return {"about": head, "body": "".join([str(first), *section[1:]])}


def _title(html: str) -> str:
    heading = BeautifulSoup(html, "html.parser").find("h1")
    return heading.get_text(" ", strip=True) if heading else "Rewards report"
