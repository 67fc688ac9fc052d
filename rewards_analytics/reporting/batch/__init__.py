"""Batches: a report for each group of rewards, and an index page of them."""
