"""Results as records: their order, what expires next, which goals are nearest."""
