"""Pictures as text: SVG that is the same, byte for byte, for the same figure."""

from __future__ import annotations

import io
import re
from base64 import b64encode
from collections.abc import Mapping
from typing import Any, Final

from rewards_analytics.plots.style import DARK, LIGHT

PAGE_FONTS: Final = (
    "-apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', 'Noto Sans', 'Liberation Sans', Arial, "
    "'Noto Sans CJK JP', sans-serif"
)
"""Fonts that readers have, on any machine; the one that matplotlib measures with is wider than any of them."""


def svg(figure: Any, name: str) -> str:
    """Give a figure as SVG. `name` keeps the ids inside it apart from those of other pictures on a page.

    Text stays text, in the reader's own font: crisp, small, and drawn also where this machine has no glyph.
    """
    import matplotlib as mpl

    file = io.StringIO()
    with mpl.rc_context({"svg.hashsalt": name, "svg.fonttype": "none"}):
        figure.savefig(file, format="svg", metadata={"Date": None, "Creator": None})
    # Only inside tags: what stands between them may be a provider's text, and that has no "<" of its own.
    picture = re.sub(r'(<text style="[^"]*?)font-family: [^;"]*', rf"\1font-family: {PAGE_FONTS}", file.getvalue())
    picture = re.sub(r"<metadata>.*?</metadata>\s*", "", picture, count=1, flags=re.DOTALL)
    return re.sub(r'<g id="[^"]*"', "<g", picture)


def in_dark(picture: str) -> str:
    """Give the dark variant of an SVG that was drawn in the light theme."""
    return _recoloured(picture, dict(zip(LIGHT.colours(), DARK.colours(), strict=True)))


def _recoloured(picture: str, colours: Mapping[str, str]) -> str:
    """Change colours inside tags, and leave what stands between them alone."""

    def recolour(tag: re.Match[str]) -> str:
        return re.sub("#[0-9a-f]{6}", lambda found: colours.get(found[0], found[0]), tag[0])

    return re.sub("<[^>]*>", recolour, picture)


def data_uri(picture: str) -> str:
    """Give an SVG as the address of an image that needs no file."""
    return "data:image/svg+xml;base64," + b64encode(picture.encode()).decode("ascii")
