"""The spread of balances as records with a band to head each row."""

from __future__ import annotations

from typing import Any

from rewards_analytics.results.records import Result, in_order


def banded(result: Result) -> list[dict[str, Any]]:
    """Return the rows of `bands` in their order, each with its `band`: a pair of `at_least` and `below`."""
    return [{"band": (row["at_least"], row["below"]), **row} for row in in_order("bands", result)]
