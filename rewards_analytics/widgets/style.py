"""The style sheets of the widgets, which follow JupyterLab's theme."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import ipywidgets as widgets

from rewards_analytics.show.shown import style_sheet


def style_of(widget: str) -> widgets.HTML:
    """Return a hidden widget with the shared style sheets and that of a widget, `explore` or `connect`."""
    return widgets.HTML(f"<style>{_sheet(widget)}</style>", layout=widgets.Layout(display="none"))


@lru_cache(maxsize=2)
def _sheet(widget: str) -> str:
    own = (Path(__file__).with_name(f"{name}.css").read_text(encoding="utf-8") for name in ("shared", widget))
    return "\n".join([style_sheet(), *own])
