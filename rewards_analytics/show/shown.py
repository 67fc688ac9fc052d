"""Something to display: HTML where a notebook shows it, plain text elsewhere."""

from __future__ import annotations

from functools import lru_cache
from html import escape
from importlib.resources import files
from typing import Final

from rewards_analytics.plots.style import colour_sheet
from rewards_analytics.terminal import printable_lines

NO_MATHEMATICS: Final = "mathjax_ignore tex2jax_ignore"
"""The classes by which versions 3 and 2 of MathJax leave an element alone: `$` in text from outside is a dollar."""


class Shown:
    """Something to display: `html` where a notebook can show it, `text` where it cannot."""

    def __init__(self, html: str, text: str) -> None:
        self.html = html
        self.text = text

    def _repr_html_(self) -> str:
        return self.html

    def __repr__(self) -> str:
        return printable_lines(self.text)


def nothing(sentence: str) -> Shown:
    """A sentence in place of a table or a picture.

    >>> nothing("Nothing expires.")
    Nothing expires.
    """
    return Shown(f'<p class="nothing {NO_MATHEMATICS}">{escape(sentence)}</p>', sentence)


def dressed(html: str) -> str:
    """Return markup with a style sheet for JupyterLab, light and dark. An exported page has its own."""
    return f'<div class="rewards-shown {NO_MATHEMATICS}"><style>{style_sheet()}</style>{html}</div>'


@lru_cache(maxsize=1)
def style_sheet() -> str:
    """Return the style sheet of everything inside `.rewards-shown`, which follows JupyterLab's theme."""
    own = files("rewards_analytics.show").joinpath("shown.css").read_text(encoding="utf-8")
    return f"{colour_sheet('.rewards-shown')}\n{own}"
