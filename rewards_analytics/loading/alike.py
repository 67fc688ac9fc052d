"""The fastest path for JSON: rewards that are all written alike are cut at the bytes that they share.

The first record that is written differently ends it with None, and a reader that knows more of JSON takes over.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from rewards_analytics.amounts import NUMBER
from rewards_analytics.loading import layout
from rewards_analytics.loading.batches import Batch, Spot
from rewards_analytics.loading.columns import plain_amounts, typed
from rewards_analytics.loading.layout import LONGEST_RECORD, Layout, Texts
from rewards_analytics.schema import FIELDS

try:
    from rewards_analytics.loading.walk import cut
except ImportError:  # installed without a C compiler
    from rewards_analytics.loading.cells import cut

_SCALAR: Final = rf"^({NUMBER}|true|false)$"

_MOST_BYTES: Final = 1 << 30
"""Arrow counts the bytes of a text column in 32 bits."""


def read_lines(block: bytes | memoryview, spot: Callable[[int], Spot]) -> Batch | None:
    """Rewards, one a line."""
    return _read(block, layout.of_lines(bytes(block[:LONGEST_RECORD])), spot)


def read_elements(block: bytes, spot: Callable[[int], Spot]) -> Batch | None:
    """Rewards as they stand in a list, `{…},{…}`, without its brackets."""
    return _read(block, layout.of_elements(block), spot)


def _read(block: bytes | memoryview, written: Layout | None, spot: Callable[[int], Spot]) -> Batch | None:
    columns = cut(block, written) if written and len(block) <= _MOST_BYTES else None
    return _batch(columns, spot) if columns else None


def _batch(columns: Mapping[str, Texts], spot: Callable[[int], Spot]) -> Batch | None:
    for name in columns.keys() - {"balance"}:
        bare = columns[name].bare_texts()
        if len(bare) and (name in FIELDS or not _are(bare, _SCALAR)):
            return None
    arrays = {name: column.texts for name, column in columns.items() if name in FIELDS}
    amounts = columns["balance"]
    if (exact := plain_amounts(amounts.texts)) is not None:
        arrays["balance"] = exact
    elif not _are(amounts.bare_texts(), f"^{NUMBER}$"):
        return None
    missing = pa.nulls(len(amounts.texts), pa.string())
    batch = typed(pa.table([arrays.get(name, missing) for name in FIELDS], names=list(FIELDS)), spot, "the block")
    # A rejected number has to be told apart from a text: the slow path knows.
    return None if amounts.bare is not None and any(row.field == "balance" for row in batch.rejected) else batch


def _are(texts: pa.Array, pattern: str) -> bool:
    """Whether every text that is not null matches."""
    return pc.all(pc.match_substring_regex(texts, pattern)).as_py() is not False
