"""Figures as SVG: the same bytes for the same figure, in either theme, as a file or inside a page."""

from __future__ import annotations

import io
import re
from base64 import b64encode
from collections.abc import Mapping
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
    picture = re.sub(r'(<text style="[^"]*?)font-family: [^;"]*', rf"\1font-family: {PAGE_FONTS}", file.getvalue())
    picture = re.sub(r"<metadata>.*?</metadata>\s*", "", picture, count=1, flags=re.DOTALL)
    return re.sub(r'<g id="[^"]*"', "<g", picture)


def themed(colour: str) -> str:
    """Return a colour of the light theme as the page around a picture sets it, or itself where the page sets none.

    `coloured` gives the same picture in one theme, for a picture that stands alone.
    """
    return f"var(--rewards-{LIGHT.colours().index(colour)}, {colour})"


def coloured(picture: str, theme: Theme) -> str:
    """Return a picture that follows the colours of its page in those of a theme; another picture as it is."""
    colours = dict(zip(LIGHT.colours(), theme.colours(), strict=True))
    return re.sub(r"var\(--rewards-\d+, (#[0-9a-f]{6})\)", lambda own: colours.get(own[1], own[1]), picture)


def in_page(picture: str, words: str) -> str:
    """Return an SVG to stand in a page: with alternative text, the page's colours, and no style sheet of its own."""
    drawing = picture[picture.index("<svg") :]
    drawing = re.sub(r"<defs>\s*<style.*?</style>\s*</defs>\s*", "", drawing, count=1, flags=re.DOTALL)
    drawing = _recoloured(drawing, {colour: themed(colour) for colour in LIGHT.colours()})
    label = f'role="img" aria-label="{escape(words)}" style="stroke-linejoin: round; stroke-linecap: butt"'
    return drawing.replace("<svg ", f"<svg {label} ", 1)


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
