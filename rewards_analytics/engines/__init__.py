"""The kinds of frame that an analysis takes: the way in, and the way back to the same kind.

An analysis is written once, for a Narwhals LazyFrame. Eager frames (Polars, pandas, PyArrow) are computed by Polars,
which reads the columns of the others through Arrow: one engine that is exact on decimals and null keys, and several
times as fast as grouping in pandas or PyArrow. Polars LazyFrames, DuckDB relations, Dask and PySpark frames are
computed where they are, and only a small aggregate is ever collected.
"""

from narwhals.typing import IntoFrameT

from rewards_analytics.engines.ahead import ahead
from rewards_analytics.engines.batches import Wanted, from_batches
from rewards_analytics.engines.caller import CallerFrame, Query, from_caller
from rewards_analytics.engines.columns import AMOUNT
from rewards_analytics.engines.faults import as_our_error
from rewards_analytics.engines.kinds import (
    DataFrame,
    LazyFrame,
    PolarsLazyFrame,
    as_narwhals,
    columns_of,
    is_frame,
    narrowed,
    reads_again,
    recognise,
    rereadable,
)
from rewards_analytics.engines.lookup import Lookup
from rewards_analytics.engines.parts import PART_ROWS, Asked, Parts, Subset, ends_of_spans, note_parts
from rewards_analytics.engines.piles import BATCH_ROWS, Piles
from rewards_analytics.engines.rows import picked
from rewards_analytics.engines.sorting import Order, in_order
from rewards_analytics.engines.spill import room_to_spill

__all__ = [
    "AMOUNT",
    "BATCH_ROWS",
    "PART_ROWS",
    "Asked",
    "CallerFrame",
    "DataFrame",
    "IntoFrameT",
    "LazyFrame",
    "Lookup",
    "Order",
    "Parts",
    "Piles",
    "PolarsLazyFrame",
    "Query",
    "Subset",
    "Wanted",
    "ahead",
    "as_narwhals",
    "as_our_error",
    "columns_of",
    "ends_of_spans",
    "from_batches",
    "from_caller",
    "in_order",
    "is_frame",
    "narrowed",
    "note_parts",
    "picked",
    "reads_again",
    "recognise",
    "rereadable",
    "room_to_spill",
]
