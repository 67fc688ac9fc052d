"""`llms.txt` and `llms-full.txt`: the site's pages as plain text, for language models."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.builders.text import TextBuilder
from sphinx.writers.text import TextTranslator

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
    builder = TextBuilder(app, app.env)
    builder.secnumbers = {}
    full = "\n\n".join(f"<!-- {page}.html -->\n\n{_text(app.env.get_doctree(page), builder)}" for page in pages)
    (out / "llms-full.txt").write_text(f"{INTRODUCTION}\n{full}\n", encoding="utf-8")


class _Text(TextTranslator):
    """Pages as Sphinx writes them in text, without the links to the source that only an HTML page has."""

    def unknown_visit(self, node: nodes.Node) -> None:  # noqa: ARG002
        raise nodes.SkipNode


def _text(page: nodes.document, builder: TextBuilder) -> str:
    """Return a page as text; an output of a notebook that has a plain text is that, any other is left out."""
    for output in list(page.findall(_is_not_plain)):
        output.parent.remove(output)
    translator = _Text(page, builder)
    page.walkabout(translator)
    return translator.body.strip()


def _is_not_plain(node: nodes.Node) -> bool:
    return isinstance(node, nodes.Element) and node.get("mime_type", "text/plain") != "text/plain"
