"""The gallery: the notebooks of the project with their stored outputs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

ORDER: Final = ("overview", "expiring", "distance", "history", "lapse", "quality", "definitions", "product_report")
"""Notebooks in the order in which a newcomer reads them; any others follow by name."""

INTRODUCTION: Final = """\
# Gallery

Each notebook answers a question with the outputs that are stored in the project. The tests run every notebook again and
fail if a number differs. `rewards-analytics notebooks FOLDER` writes them to a folder of your own.
"""


def notebooks(folder: Path) -> list[Path]:
    """Return the notebooks of the project."""
    found = {path.stem: path for path in (folder.parent / "notebooks").glob("*.ipynb")}
    return [found[name] for name in [*(name for name in ORDER if name in found), *sorted({*found} - {*ORDER})]]


def write(folder: Path) -> None:
    """Put each notebook into the gallery as it is stored, without the state of its widgets, and write the list."""
    gallery = folder / "gallery" / "generated"
    gallery.mkdir(parents=True, exist_ok=True)
    questions = []
    for path in notebooks(folder):
        notebook = json.loads(path.read_text(encoding="utf-8"))
        # Live widgets would need a script from another host. Their outputs also hold the same view as static HTML.
        notebook["metadata"].pop("widgets", None)
        notebook["cells"] = [_readable(cell) for cell in notebook["cells"]]
        (gallery / path.name).write_text(json.dumps(notebook), encoding="utf-8")
        questions.append("".join(notebook["cells"][0]["source"]).splitlines()[0].removeprefix("# "))
    names = [path.stem for path in notebooks(folder)]
    listed = "\n".join(f"- [{question}]({name}.ipynb)" for name, question in zip(names, questions, strict=True))
    contents = "\n".join(names)
    (gallery / "index.md").write_text(
        f"{INTRODUCTION}\n{listed}\n\n```{{toctree}}\n:hidden:\n\n{contents}\n```\n", encoding="utf-8"
    )


def _readable(cell: dict[str, Any]) -> dict[str, Any]:
    # A report leaves these cells out. Here they say what the notebook is for.
    cell["metadata"]["tags"] = [tag for tag in cell["metadata"].get("tags", []) if tag != "remove-cell"]
    outputs = cell.get("outputs")
    if outputs is None:
        return cell
    widget = "application/vnd.jupyter.widget-view+json"
    kept = [output for output in outputs if widget not in output.get("data", {}) or "text/html" in output["data"]]
    for output in kept:
        output.get("data", {}).pop(widget, None)
    return cell | {"outputs": kept}
