"""Results of analyses as records: their order, what comes next, what is nearest."""
