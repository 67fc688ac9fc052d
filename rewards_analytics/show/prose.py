"""Sentences below a notebook cell: not Markdown, which takes `$` for mathematics and text from outside for markup."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from typing import TypeAlias

from rewards_analytics.show.shown import NO_MATHEMATICS, Shown

Line: TypeAlias = str | tuple[str, str]
"""A sentence; or a pair of the words to emphasise and the rest."""


class Sentences(Shown):
    """Sentences to display; see `sentences`."""

    def __init__(self, lines: Iterable[Line], *, opening: str = "") -> None:
        pairs = [("", line) if isinstance(line, str) else line for line in lines]
        items = "".join(
            f"<li>{f'<strong>{escape(stressed)}</strong>' if stressed else ''}{escape(rest)}</li>"
            for stressed, rest in pairs
        )
        first = f"<p>{escape(opening)}</p>" if opening else ""
        text = [f"- {stressed}{rest}" for stressed, rest in pairs]
        super().__init__(
            f'<div class="{NO_MATHEMATICS}">{first}<ul>{items}</ul></div>',
            "\n".join([opening, *text] if opening else text),
        )


def sentences(lines: Iterable[Line], *, opening: str = "") -> Sentences:
    """Sentences as a list, as HTML and as plain text.

    Parameters
    ----------
    lines
        Each is a text, or a pair of the words to emphasise and the rest.
    opening
        A sentence above them.

    Examples
    --------
    >>> sentences([("$12.50", " held"), "nothing expires"], opening="In words:")
    In words:
    - $12.50 held
    - nothing expires
    """
    return Sentences(lines, opening=opening)
