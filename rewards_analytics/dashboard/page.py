"""What the kernel of each visitor shows: the rewards of its folder."""

from __future__ import annotations

import json
from datetime import date
from html import escape
from pathlib import Path
from typing import Any

import ipywidgets as widgets

import rewards_analytics as ra
from rewards_analytics.wording import count, one_line


def page(folder: Path | None = None) -> Any:
    """Title and dashboard of the rewards that `serve` put into a folder, the working directory if None."""
    folder = folder or Path()
    said = json.loads((folder / "page.json").read_text(encoding="utf-8"))
    rewards = ra.load(folder / "rewards.parquet")
    as_of = said["as_of"] and date.fromisoformat(said["as_of"])
    title = (
        f'<h1 style="font-size: 1.7em; line-height: 1.3; margin: 12px 0 4px">What is held, and what expires when</h1>'
        f"<p>{count(len(rewards), 'reward')} of {count(rewards['user_guid'].n_unique(), 'user')}, "
        f"from {escape(one_line(said['name']))}</p>"
    )
    return widgets.VBox([widgets.HTML(title), ra.explore(rewards, as_of=as_of)])
