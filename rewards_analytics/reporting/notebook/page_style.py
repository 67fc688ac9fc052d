"""The style sheet, script and policy of a notebook's page: those of the direct report."""

from __future__ import annotations

from functools import lru_cache
from importlib.resources import files

from rewards_analytics.reporting import page


@lru_cache(maxsize=1)
def style() -> str:
    """The report's style sheet, and that of what only a notebook's page has."""
    own = files("rewards_analytics.reporting.notebook").joinpath("notebook.css").read_text(encoding="utf-8")
    return f"{page.style(None)}\n{own}"


def script() -> str:
    """The report's script, which sorts tables."""
    return page.script()


def policy() -> str:
    """The report's policy: this style sheet, this script, and pictures that are in the page."""
    return page.policy(style(), script())
