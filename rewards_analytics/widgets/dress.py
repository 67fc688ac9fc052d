"""What the widgets share in the browser: the module that puts their HTML in place, and their colours."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from rewards_analytics.plots.style import DARK, LIGHT
from rewards_analytics.show.shown import style_sheet

MODULE: Final = Path(__file__).parent / "explore" / "explore.js"

_NAMED: Final = {
    "accent": ("#1565c0", "#8ab4f8"),
    "danger": ("#c62828", "#ff8a80"),
    "edge": ("#8a95a1", "#74808c"),
    "soft": ("#f1f4f7", "#232b33"),
}


def sheet(selector: str, own: Path) -> str:
    """Return the style sheet of a widget: the colours of both themes, what is shown in notebooks, and its own."""
    pairs = dict(enumerate(zip(LIGHT.colours(), DARK.colours(), strict=True))) | _NAMED
    colours = "".join(f"--rewards-{name}: light-dark({light}, {dark});" for name, (light, dark) in pairs.items())
    return f"{style_sheet()}\n{selector} {{{colours}}}\n{own.read_text(encoding='utf-8')}"
