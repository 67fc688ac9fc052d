"""A year of daily snapshots, made in seconds, with the truth behind them.

- `year`: the days one after the other, and their snapshots;
- `programmes`, with `programmes.toml`: the institutions and their terms; `tables`: the same as arrays;
- `population`: users, members and holdings, and their character; `behaviour`: what they do on a day;
- `book`: the lots of all holdings, and how they change;
- `provider`: what a snapshot lists of them; `columns`: its columns;
- `truth`, with `truth.md`: what really happened.
"""

from rewards_analytics.sandbox.year.year import Snapshot, Year

__all__ = ["Snapshot", "Year"]
