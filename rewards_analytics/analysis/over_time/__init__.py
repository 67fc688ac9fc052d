"""Questions about a history, snapshots of rewards taken day after day: one question per module."""
