"""Histories: snapshots of rewards, one a day, in a Delta table.

- `history`: `History`, the public class;
- `location`: where a table may be; `table`: the Delta table and its versions; `checkpoints`: repairing one;
- `members`: the members of each snapshot; `frames`: the files of some days as a lazy frame of each engine;
- `vacuum`: files that the table does not need any more; `faults`: failures of deltalake and of stores, as our errors.
"""

from rewards_analytics.history.history import History

__all__ = ["History"]
