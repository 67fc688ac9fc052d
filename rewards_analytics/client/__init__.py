"""The client of the rewards API: transport, paging, the aggregation job, and pulling many members at once."""
