"""What a visitor's kernel shows: the dashboard of the rewards in its folder."""

from __future__ import annotations

import json
from datetime import date
from html import escape
from pathlib import Path

import ipywidgets as widgets

from rewards_analytics.loading.load import load
from rewards_analytics.widgets.explore.widget import explore
from rewards_analytics.wording import count, one_line


def page(folder: Path | None = None) -> widgets.VBox:
    """Title and dashboard of the rewards that `write_site` wrote to a folder, the working directory if None."""
    folder = folder or Path()
    settings = json.loads((folder / "page.json").read_text(encoding="utf-8"))
    rewards = load(folder / "rewards.parquet")
    title = (
        f'<h1 style="font-size: 1.7em; line-height: 1.3; margin: 12px 0 4px">Loyalty balances and expiries</h1>'
        f"<p>{count(len(rewards), 'reward')} of {count(rewards['user_guid'].n_unique(), 'user')}, "
        f"from {escape(one_line(settings['name']))}</p>"
    )
    as_of = settings["as_of"] and date.fromisoformat(settings["as_of"])
    return widgets.VBox([widgets.HTML(title), explore(rewards, as_of=as_of)])
