"""Exports an executed notebook as a page: nbconvert with this package's template."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from nbconvert.exporters import HTMLExporter

TEMPLATES: Final = Path(__file__).parent / "templates"
"""The folder of the template `rewards`; installing the package also copies it to where `jupyter nbconvert` looks."""


def exported(node: Any, *, folder: Path) -> str:
    """Return the page of an executed notebook. Pictures that its Markdown names are in `folder`."""
    exporter = HTMLExporter(template_name="rewards", extra_template_basedirs=[str(TEMPLATES)])
    html, _ = exporter.from_notebook_node(node, resources={"metadata": {"path": str(folder)}})
    return str(html)
