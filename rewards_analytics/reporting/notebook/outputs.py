"""The outputs of notebook cells as blocks of sanitised HTML."""

from __future__ import annotations

import mimetypes
import os
import re
from base64 import b64encode
from collections.abc import Iterator, Mapping
from html import escape
from pathlib import Path
from typing import Final
from urllib.parse import unquote

from bs4 import BeautifulSoup
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath

from rewards_analytics.reporting.notebook.sanitise import NO_WORDS, clean, picture_of_svg
from rewards_analytics.reporting.notebook.static_widgets import VIEW, State, Widgets

_PICTURES: Final = ("image/png", "image/jpeg", "image/gif", "image/webp")
_TERMINAL_COLOURS: Final = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")


def words_of(cell: State, folder: str) -> str:
    """Return a Markdown cell as HTML, with its attached pictures and those in `folder` embedded."""
    return _markdown(cell["source"], attachments=cell.get("attachments", {}), folder=folder)


def shown_by(output: State, widgets: Widgets) -> Iterator[str]:
    """Yield one output in the richest form that a page can have.

    Standard error is not for the page's reader, and a page has nothing that only a script could draw.
    """
    kind = output["output_type"]
    if kind == "stream":
        if output["name"] == "stdout":
            yield _plain(_text(output["text"]))
    elif kind == "error":
        yield _plain(f"{output['ename']}: {output['evalue']}")
    else:
        yield from _richest(output["data"], output.get("metadata", {}), widgets)


def _richest(data: State, about: State, widgets: Widgets) -> Iterator[str]:
    view = data.get(VIEW, {}).get("model_id")
    if view in widgets:
        yield clean(widgets.html(view))
    elif "text/html" in data:
        yield clean(_text(data["text/html"]))
    elif "text/markdown" in data:
        yield _markdown(_text(data["text/markdown"]))
    elif "image/svg+xml" in data:
        svg = picture_of_svg(_text(data["image/svg+xml"]), _alternative(about, "image/svg+xml"))
        yield clean(f"<figure>{svg}</figure>")
    elif picture := next((each for each in _PICTURES if each in data), None):
        words = _alternative(about, picture) or NO_WORDS
        base64 = "".join(_text(data[picture]).split())
        yield clean(f'<figure><img src="data:{picture};base64,{base64}" alt="{escape(words)}"></figure>')
    elif "text/plain" in data:
        yield _plain(_text(data["text/plain"]))


def _alternative(about: State, kind: str) -> str | None:
    """Return the alternative text that the author put in the `metadata` of a picture."""
    own = about.get(kind)
    return (own.get("alt") if isinstance(own, Mapping) else None) or about.get("alt")


def _markdown(source: str, *, attachments: State | None = None, folder: str | None = None) -> str:
    """Return Markdown as HTML. Only a notebook's own cells may name files: outputs may hold text from outside."""
    renderer = IPythonRenderer(escape=False, attachments=dict(attachments or {}), exclude_anchor_links=True)
    html = MarkdownWithMath(renderer=renderer).render(source)
    return clean(html if folder is None else _with_files(html, Path(folder)))


def _with_files(html: str, folder: Path) -> str:
    """Embed pictures that are files next to the notebook; nbconvert's own embedding breaks inline tags."""
    soup = BeautifulSoup(html, "html.parser")
    for image in soup.find_all("img", src=True):
        file = folder / unquote(str(image["src"]))
        kind = mimetypes.guess_type(file.name)[0] or ""
        if kind.startswith("image/") and os.path.isfile(file):  # noqa: PTH113 - Path.is_file raises for a name too long
            image["src"] = f"data:{kind};base64,{b64encode(file.read_bytes()).decode('ascii')}"
    return str(soup)


def _plain(text: str) -> str:
    text = _TERMINAL_COLOURS.sub("", text).strip("\n")
    return f'<pre tabindex="0">{escape(text)}</pre>' if text else ""


def _text(value: str | list[str]) -> str:
    """Return a text, which a notebook may store as a list of lines."""
    return value if isinstance(value, str) else "".join(value)
