"""Answers in words below a cell. Markdown would take `$` for mathematics and a provider's text for markup."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from typing import Final

Line = str | tuple[str, str]

NO_MATHEMATICS: Final = "mathjax_ignore tex2jax_ignore"
"""The classes by which MathJax, in its versions, leaves an element alone."""


class Sentences:
    """Lines for a notebook to show, as HTML and as plain text.

    Parameters
    ----------
    lines
        Each a text, or a pair of what is to be stressed and how it goes on.
    opening
        A sentence above them.

    Examples
    --------
    >>> Sentences([("$12.50", " held"), "nothing expires"], opening="In words:")
    In words:
    - $12.50 held
    - nothing expires
    """

    def __init__(self, lines: Iterable[Line], *, opening: str = "") -> None:
        self._lines = [("", line) if isinstance(line, str) else line for line in lines]
        self._opening = opening

    def __repr__(self) -> str:
        """Give the lines as plain text."""
        lines = [f"- {stressed}{rest}" for stressed, rest in self._lines]
        return "\n".join([self._opening, *lines] if self._opening else lines)

    def _repr_html_(self) -> str:
        opening = f"<p>{escape(self._opening)}</p>" if self._opening else ""
        items = "".join(
            f"<li>{f'<strong>{escape(stressed)}</strong>' if stressed else ''}{escape(rest)}</li>"
            for stressed, rest in self._lines
        )
        return f'<div class="{NO_MATHEMATICS}">{opening}<ul>{items}</ul></div>'
