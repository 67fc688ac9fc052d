"""Histories: snapshots of rewards, one a day, in a Delta table.

- `history`: `History`, the public class;
- `location`: where a table may be; `table`: opening it, and what its current version holds;
- `frames`: the files of some days as a lazy frame of each engine.
"""

from rewards_analytics.history.history import History

__all__ = ["History"]
