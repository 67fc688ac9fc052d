"""What a visitor's kernel shows: the dashboard of the rewards in its folder."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

from rewards_analytics.loading.load import load
from rewards_analytics.widgets.explore.widget import Explore, explore


def page(folder: Path | None = None) -> Explore:
    """Dashboard of the rewards that `write_site` wrote to a folder, the working directory if None."""
    folder = folder or Path()
    settings = json.loads((folder / "page.json").read_text(encoding="utf-8"))
    as_of = settings["as_of"] and date.fromisoformat(settings["as_of"])
    return explore(load(folder / "rewards.parquet"), as_of=as_of)
