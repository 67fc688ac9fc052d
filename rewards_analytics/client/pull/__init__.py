"""Pulling the rewards of many members concurrently.

- `members`: `pull`, which reads the members, collects failures and shows its progress;
- `threads`: a bounded number of calls at a time;
- `stores`: the rewards so far, in memory or in a folder of Parquet that an interrupted pull resumes from;
- `validation`: which members' rewards are valid; `freshness`: when each member was last aggregated.
"""

from rewards_analytics.client.pull.members import Pull, pull

__all__ = ["Pull", "pull"]
