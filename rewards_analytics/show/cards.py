"""The card of a unit: what is held, and how much of it expires."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rewards_analytics.analysis.sums import exact_sum
from rewards_analytics.results.records import Record, of_unit
from rewards_analytics.results.upcoming import soon
from rewards_analytics.show.cells import bar_width
from rewards_analytics.show.headline import share


def card(row: Record, schedule: Sequence[Record]) -> dict[str, Any]:
    """Return a row of `totals` with what expires soon, what has expired, their shares, and the widths of its bar."""
    unit_type = row["unit_type"]
    ahead, available, expiring = soon(schedule, unit_type), row["available"], row["expiring"]
    shares = [share(ahead, available), share(expiring, available)]
    drawn = None not in shares and ahead <= expiring
    return dict(row) | {
        "soon": ahead,
        "soon_share": shares[0],
        "expiring_share": shares[1],
        "expired": exact_sum(each["expiring"] for each in of_unit(schedule, unit_type) if each["bucket"] == "expired"),
        "widths": [bar_width(part, available) for part in (ahead, expiring)] if drawn else None,
    }
