"""Lazy frames, an engine a file: `parquet(files, session)` and `decoded(files, session)` in each."""
