"""The pictures of a report: light and dark data URIs with alternative text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rewards_analytics.plots.gallery import picture
from rewards_analytics.plots.images import data_uri, in_dark
from rewards_analytics.results.records import Record


def embedded(kind: str, rows: Sequence[Record], name: str, **options: Any) -> dict[str, Any]:
    """Draw a picture, and return what the page needs to show it. See `plots.gallery.picture`."""
    drawn = picture(kind, rows, name, **options)
    return {
        "light": data_uri(drawn.svg),
        "dark": data_uri(in_dark(drawn.svg)),
        "alt": drawn.words,
        "width": round(drawn.width * 96),
        "height": round(drawn.height * 96),
    }
