"""Lazy frames, one module per engine, each with `parquet(files, session)` and `decoded(files, session)`."""
