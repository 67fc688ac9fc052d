"""Pictures of a result to display in a notebook, in the colours of the page around them."""

from __future__ import annotations

from typing import Any

from rewards_analytics.errors import ArgumentError
from rewards_analytics.plots.gallery import KINDS, picture
from rewards_analytics.plots.images import image
from rewards_analytics.results.records import Result, of_unit, records, units_of
from rewards_analytics.show.shown import Shown, dressed, nothing


def pictures(kind: str, result: Result, **options: Any) -> Shown:
    """Pictures of a result, one for each unit, with alternative text, in the light or dark colours of the page.

    `kind` is `totals`, `expiring`, `aging`, `bands`, `lapse`, `forecast`, or `distance`, which is one picture for all
    units. `options` go to the drawing: `every` for `expiring` and `forecast`.
    """
    if kind not in KINDS:
        raise ArgumentError.not_one_of("kind", kind, KINDS)
    rows = records(result)
    groups = {"": rows} if kind == "distance" else {unit: of_unit(rows, unit) for unit in units_of(rows)}
    drawn = [picture(kind, group, f"{kind}-{unit}", **options) for unit, group in groups.items() if group]
    if not drawn:
        return nothing("Nothing to draw.")
    figures = "".join(f"<figure>{image(each.svg, each.words)}</figure>" for each in drawn)
    return Shown(dressed(f'<div class="pictures">{figures}</div>'), "\n".join(each.words for each in drawn))
