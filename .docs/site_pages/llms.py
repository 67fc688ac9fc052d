"""`llms.txt` and `llms-full.txt`: the site's pages as plain text, for language models."""

from __future__ import annotations

from pathlib import Path
from typing import Any

INTRODUCTION = """\
# rewards_analytics

> Analytics for loyalty balances that MX's Atrium API collects: exact totals, expiries, goals and history, in Python,
> notebooks, reports and on the command line.
"""


def write(app: Any, problem: Exception | None) -> None:
    """Write both files into the site's folder: a list of its pages, and the text of all of them."""
    if problem is not None or app.builder.name != "html":
        return
    pages = sorted(app.env.found_docs, key=lambda page: (page != "index", page))
    titles = {page: app.env.titles[page].astext() for page in pages}
    listed = "\n".join(f"- [{titles[page]}]({page}.html)" for page in pages)
    out = Path(app.outdir)
    (out / "llms.txt").write_text(f"{INTRODUCTION}\n## Pages\n\n{listed}\n", encoding="utf-8")
    full = "\n\n".join(f"# {titles[page]}\n\n{app.env.get_doctree(page).astext()}" for page in pages)
    (out / "llms-full.txt").write_text(f"{INTRODUCTION}\n{full}\n", encoding="utf-8")
