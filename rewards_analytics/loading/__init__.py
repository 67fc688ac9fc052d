"""Loading: from any source of rewards to one frame of ten exact, typed columns.

`sources` says what is read, `stream` decompresses it, `pipeline` has its blocks decoded in threads, one decoder per
format does that (`json`, `csv`, `parquet`, `memory`), and `validate` looks across rows. `columns` and `values` say what
a field may hold, by column and by value. On top of these: `load`, `check`, `scan` and `write`.
"""
