"""Loading: from any source of rewards to one frame of ten exact, typed columns.

`sources` finds the inputs, `stream` decompresses them, `pipeline` decodes their blocks in threads with one decoder per
format (`json`, `csv`, `parquet`, `memory`), and `validate` checks across rows. `columns` and `values` define what a
field may hold, by column and by value. `load`, `check`, `scan` and `write` build on these.
"""
