"""Rows of a caller's eager frame by their numbers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pyarrow as pa
from narwhals.dependencies import is_pandas_dataframe, is_pyarrow_table


def picked(native: Any, rows: Sequence[int]) -> Any:
    """Return some rows of a Polars, pandas or PyArrow frame, with all its columns as they are."""
    if is_pandas_dataframe(native):
        return native.iloc[list(rows)]
    if is_pyarrow_table(native):
        return native.take(pa.array(rows, pa.int64()))
    return native[list(rows)]
