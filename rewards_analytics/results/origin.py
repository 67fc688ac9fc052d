"""What a report is made of: how many rewards, whose, and how fresh they are."""

from __future__ import annotations

from datetime import date
from typing import Any

import narwhals as nw

from rewards_analytics.engines import LazyFrame, columns_of, from_caller


def origin(rewards: Any, *, as_of: date) -> dict[str, Any]:
    """Count rewards, users and members, and tell when the rewards were recorded, where they say so."""
    dated = "created_at" in columns_of(rewards, asked_by="report")
    table = from_caller(rewards, ["user_guid", "member_guid", *(["created_at"] if dated else [])], asked_by="report")
    created_at = nw.col("created_at")
    times = {"oldest": created_at.min(), "newest": created_at.max()} if dated else {}

    def members(frame: LazyFrame) -> LazyFrame:
        # Members first, which are fewer than rewards.
        return frame.group_by("user_guid", "member_guid").agg(rewards=nw.len(), **times)

    def counts(members: LazyFrame) -> LazyFrame:
        # Grouped by a constant: not every engine counts different values without a group.
        return (
            members.with_columns(everything=nw.lit(1))
            .group_by("everything")
            .agg(
                nw.col("rewards").sum(),
                nw.col("user_guid", "member_guid").n_unique(),
                *([nw.col("oldest").min(), nw.col("newest").max()] if dated else []),
            )
        )

    counted = table.added_up(
        members,
        counts,
        ["everything"],
        counted={name: name for name in ("user_guid", "member_guid")},
        balance_types=None,
        extremes={"oldest": "min", "newest": "max"} if dated else {},
    )
    row = next(table.collect(counted).iter_rows(named=True), {})
    oldest, newest = (time and time.date() for time in (row.get("oldest"), row.get("newest")))
    return {
        "rewards": int(row.get("rewards", 0)),
        "users": row.get("user_guid", 0),
        "members": row.get("member_guid", 0),
        "oldest": oldest,
        "newest": newest,
        "age": None if newest is None else (as_of - newest).days,
    }
