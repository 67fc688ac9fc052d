"""A notebook that has run, as a page: nbconvert with the template of this package."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from nbconvert.exporters import HTMLExporter

TEMPLATES: Final = Path(__file__).parent / "templates"
"""Where the template `rewards` lies; installing the package also puts it where `jupyter nbconvert` looks."""


def exported(node: Any, *, folder: Path) -> str:
    """Give the page of a notebook that has run. Pictures that its words name lie in `folder`."""
    exporter = HTMLExporter(template_name="rewards", extra_template_basedirs=[str(TEMPLATES)])
    html, _ = exporter.from_notebook_node(node, resources={"metadata": {"path": str(folder)}})
    return str(html)
