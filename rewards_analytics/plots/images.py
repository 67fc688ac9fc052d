"""Figures as SVG: the same bytes for the same figure, in either theme, as a file or inside a page."""

from __future__ import annotations

import io
import re
from base64 import b64encode
from collections.abc import Mapping
from functools import lru_cache
from html import escape
from typing import TYPE_CHECKING, Final

from rewards_analytics.plots.style import DARK, LIGHT, Theme

if TYPE_CHECKING:
    from matplotlib.figure import Figure

PAGE_FONTS: Final = (
    "-apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', 'Noto Sans', 'Liberation Sans', Arial, "
    "'Noto Sans CJK JP', sans-serif"
)
"""Fonts that readers have on any machine. The font that matplotlib measures with is wider than all of them."""


def svg(figure: Figure, name: str) -> str:
    """Return a figure as SVG. `name` makes the ids inside it unique on a page.

    Text stays text in the reader's font: crisp, small, and with glyphs that this machine may lack.
    """
    import matplotlib as mpl

    file = io.StringIO()
    with mpl.rc_context({"svg.hashsalt": name, "svg.fonttype": "none"}):
        figure.savefig(file, format="svg", metadata={"Date": None, "Creator": None})
    # Only inside tags: between them may be text from outside, in which "<" is escaped.
    picture = re.sub(r'(<text style="[^"]*?)font-family: [^;"]*(?:; )?', r"\1", file.getvalue())
    picture = picture.replace("<svg ", f'<svg font-family="{PAGE_FONTS}" ', 1)
    picture = re.sub(r"<metadata>.*?</metadata>\s*", "", picture, count=1, flags=re.DOTALL)
    picture = re.sub("<path [^>]*>", lambda path: re.sub(r"\d+\.\d{3,}", _rounded, path[0]), picture)
    return re.sub(r'<g id="[^"]*"', "<g", picture)


def _rounded(coordinate: re.Match[str]) -> str:
    """Return a coordinate to a hundredth of a point: a year by day is half as large then."""
    return f"{float(coordinate[0]):.2f}".rstrip("0").rstrip(".")


def themed(colour: str) -> str:
    """Return a colour of the light theme as the page around a picture sets it, or itself where the page sets none.

    `coloured` gives the same picture in one theme, for a picture that stands alone.
    """
    return f"var(--rewards-{LIGHT.colours().index(colour)}, {colour})"


def coloured(picture: str, theme: Theme) -> str:
    """Return a picture that follows the colours of its page in those of a theme; another picture as it is."""
    colours = dict(zip(LIGHT.colours(), theme.colours(), strict=True))
    return re.sub(r"var\(--rewards-\d+, (#[0-9a-f]{6})\)", lambda own: colours.get(own[1], own[1]), picture)


def image(picture: str, words: str) -> str:
    """Return an SVG as an image in a page, light and dark in one file, with alternative text.

    The image follows the `color-scheme` of its place in the page. It is opaque: where a page is dark and does not say
    so, it stays legible. Unlike an SVG that stands in the page, GitHub and untrusted notebooks show it.
    """
    drawing = with_namespace(picture)
    variables = {colour: f"var(--c{index})" for index, colour in enumerate(LIGHT.colours())}
    drawing = _recoloured(coloured(drawing, LIGHT), variables | {_BLACK: "var(--black)"})
    end = drawing.index(">") + 1
    ground = '<rect width="100%" height="100%" rx="3" style="fill: var(--c0)"/>'
    drawing = f"{drawing[:end]}<style>{_both_themes()}</style>{ground}{drawing[end:]}"
    return f'<img src="{data_uri(drawing)}" alt="{escape(words)}"{size_of(picture)}>'


_BLACK: Final = "#000000"
"""What matplotlib draws in where no colour was chosen: the caller's own titles and lines."""


@lru_cache(maxsize=1)
def _both_themes() -> str:
    """Return the style sheet inside an image: the colours of the light theme, and of the dark one in a dark place."""
    light, dark = (
        "".join(f"--c{index}:{colour};" for index, colour in enumerate(theme.colours())) for theme in (LIGHT, DARK)
    )
    return (
        f"svg{{{light}--black:{_BLACK};fill:var(--black)}}"
        f"@media(prefers-color-scheme:dark){{svg{{{dark}--black:{DARK.ink}}}}}"
    )


def size_of(picture: str) -> str:
    """Return the size of an SVG in CSS pixels as attributes, so that a page does not shift while images load."""
    found = re.search(r'<svg\b[^>]*?\bwidth="([\d.]+)pt"[^>]*?\bheight="([\d.]+)pt"', picture)
    if found:
        return f' width="{round(float(found[1]) * 96 / 72)}" height="{round(float(found[2]) * 96 / 72)}"'
    box = re.search(r'<svg\b[^>]*?\bviewBox="0 0 (\d+) (\d+)"', picture)
    return f' width="{box[1]}" height="{box[2]}"' if box else ""


def with_namespace(picture: str) -> str:
    """Return the `<svg>` element of a picture as a document of its own."""
    drawing = picture[picture.index("<svg") :]
    return drawing if "xmlns=" in drawing else drawing.replace("<svg", '<svg xmlns="http://www.w3.org/2000/svg"', 1)


def in_dark(picture: str) -> str:
    """Return the dark variant of an SVG that was drawn in the light theme."""
    return _recoloured(picture, dict(zip(LIGHT.colours(), DARK.colours(), strict=True)))


def _recoloured(picture: str, colours: Mapping[str, str]) -> str:
    """Change colours inside tags; between them may be text from outside."""

    def recolour(tag: re.Match[str]) -> str:
        return re.sub("#[0-9a-f]{6}", lambda found: colours.get(found[0], found[0]), tag[0])

    return re.sub("<[^>]*>", recolour, picture)


def data_uri(picture: str) -> str:
    """Return an SVG as a data URI."""
    return "data:image/svg+xml;base64," + b64encode(picture.encode()).decode("ascii")
