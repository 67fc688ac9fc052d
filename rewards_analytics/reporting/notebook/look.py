"""How the page of a notebook looks: as the direct report does, with its style sheets, its script and its policy."""

from __future__ import annotations

from functools import lru_cache
from importlib.resources import files

from rewards_analytics.reporting import html
from rewards_analytics.reporting.notebook.clean import COLOURS


@lru_cache(maxsize=1)
def style() -> str:
    """The report's style sheet, and what only a notebook's page has."""
    own = files("rewards_analytics.reporting.notebook").joinpath("notebook.css").read_text(encoding="utf-8")
    units = "".join(
        f'[data-own="{index}"], [data-own="{name}"] {{ --own: var(--unit-{index}); }}\n'
        for index, name in enumerate(COLOURS)
    )
    return f"{html.style(None)}\n{units}{own}"


def script() -> str:
    """The report's script, which sorts tables."""
    return html.script()


def policy() -> str:
    """The report's policy: this style sheet, this script, and pictures that are in the page."""
    return html.policy(style(), script())
