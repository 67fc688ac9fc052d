"""The fast path for JSON: Arrow's reader, on blocks whose meaning is beyond doubt.

Arrow reads decimals exactly, but it also accepts texts that are no valid amounts (`"+5"`, `".5"`), more
documents than lines, invalid UTF-8, and crashes on a document that is `null`. So a block is looked at first,
and every function here answers None where the slow path might see it differently.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.json as pj

from rewards_analytics.amounts import TOO_LARGE
from rewards_analytics.loading.batches import TYPES, Batch, Spot
from rewards_analytics.loading.columns import typed
from rewards_analytics.loading.values import NOT_A_TIME

_TEXT_BALANCE: Final = r'"balance"\s*:\s*"'
_PAGE_KEY: Final = r'"rewards?"'
_NOT_A_NUMBER: Final = re.compile(rb"[:\[,]\s*-?(?:NaN|Inf)")
_ESCAPED_LETTER: Final = b"\\u006"
"""No program escapes letters; a key that does would be hidden from the patterns above."""

_REWARD: Final = TYPES.set(7, pa.field("expires_on", pa.string()))
"""Arrow's JSON reader knows no days: they are read as text."""
_REWARD_WITH_TEXT: Final = _REWARD.set(6, pa.field("balance", pa.string()))


def read_lines(block: bytes, spot: Callable[[int], Spot], rows: int) -> Batch | None:
    """Rewards, one on each of `rows` lines that all begin with a brace."""
    text = _as_text(block)
    if text is None:
        return None
    schema = _REWARD_WITH_TEXT if _holds(text, _TEXT_BALANCE) else _REWARD
    table = _read(block, schema)
    if table is None or table.num_rows != rows:
        return None
    # A line may be a page: as a reward, it has no guid.
    if table.column("guid").null_count and (_holds(text, _PAGE_KEY) or _holds(text, r"\\u")):
        return None
    return _surely(typed(table, spot, "the block"))


def read_pages(block: bytes, spot: Callable[[int, int], Spot], pages: int) -> Batch | None:
    """The rewards of `pages` documents `{"rewards": […]}`; `spot` takes the page and the index in it."""
    text = _as_text(block)
    if text is None:
        return None
    reward = _REWARD_WITH_TEXT if _holds(text, _TEXT_BALANCE) else _REWARD
    schema = pa.schema([("guid", pa.string()), _list_of(reward)])
    table = _read(block, schema)
    if table is None or table.num_rows != pages or table.column("guid").null_count < pages:
        return None
    lists = table.column("rewards").combine_chunks()
    if lists.null_count:
        return None
    return _flatten(lists, reward, spot)


def read_array(document: bytes, spot: Callable[[int], Spot]) -> Batch | None:
    """The rewards of one document `[{…}, …]`; one with pages among its elements is left to the slow path."""
    wrapped = b'{"rewards":' + document + b"}"
    text = _as_text(wrapped)
    if text is None or _holds(text, r'\]\s*,\s*"'):  # inside the wrapper, `[…], "x": […]` would pass
        return None
    reward = _REWARD_WITH_TEXT if _holds(text, _TEXT_BALANCE) else _REWARD
    table = _read(wrapped, pa.schema([_list_of(reward)]))
    if table is None or table.num_rows != 1:
        return None
    lists = table.column("rewards").combine_chunks()
    if lists.flatten().field("guid").null_count and _holds(text, f"(?s){_PAGE_KEY}.*(?:{_PAGE_KEY}|\\\\u)"):
        return None
    return _flatten(lists, reward, lambda _, index: spot(index))


def read_array_of_pages(document: bytes, spot: Callable[[int, int], Spot]) -> Batch | None:
    """The rewards of one document `[{"rewards": […]}, …]`; `spot` takes the page and the index in it."""
    # In a list of its own, text that follows the document would be another element, or no JSON.
    wrapped = b'{"pages":[' + document + b"]}"
    text = _as_text(wrapped)
    if text is None:
        return None
    reward = _REWARD_WITH_TEXT if _holds(text, _TEXT_BALANCE) else _REWARD
    page = pa.struct([("guid", pa.string()), _list_of(reward)])
    table = _read(wrapped, pa.schema([("pages", pa.list_(pa.list_(page)))]))
    if table is None or table.num_rows != 1:
        return None
    documents = table.column("pages").combine_chunks().flatten()
    pages = documents.flatten()
    if len(documents) != 1 or documents.null_count or pages.null_count or pages.field("guid").null_count < len(pages):
        return None
    lists = pages.field("rewards")
    return None if lists.null_count else _flatten(lists, reward, spot)


def _flatten(lists: pa.ListArray, reward: pa.Schema, spot: Callable[[int, int], Spot]) -> Batch | None:
    rewards = lists.flatten()
    if rewards.null_count:
        return None
    starts = np.concatenate([[0], np.cumsum(lists.value_lengths().to_numpy())])

    def place(ordinal: int) -> Spot:
        page = int(np.searchsorted(starts, ordinal, side="right")) - 1
        return spot(page, ordinal - int(starts[page]))

    return _surely(typed(pa.Table.from_arrays(rewards.flatten(), schema=reward), place, "the block"))


def _surely(batch: Batch) -> Batch | None:
    """A batch, unless a rejected value is no longer the text that stood in the file."""
    return None if any(row.problem in (NOT_A_TIME, TOO_LARGE) for row in batch.rejected) else batch


def _list_of(reward: pa.Schema) -> pa.Field:
    return pa.field("rewards", pa.list_(pa.struct(list(reward))))


def _as_text(block: bytes) -> pl.Series | None:
    """The block, not copied, for Rust's regular expressions; None if it is doubtful."""
    if not block.startswith(b"{") or _is_doubtful(block):
        return None
    ends = pa.array([0, len(block)], pa.int64()).buffers()[1]
    return pl.Series(pl.from_arrow(pa.LargeStringArray.from_buffers(1, ends, pa.py_buffer(block))))


def _is_doubtful(block: bytes) -> bool:
    """Whether it holds what Arrow takes and the slow path does not; the cheap looks come first."""
    if not block.isascii():
        try:
            block.decode()
        except UnicodeDecodeError:
            return True
    return b"\\" in block and _ESCAPED_LETTER in block


def _has_no_number(block: bytes) -> bool:
    """Whether `Inf` or the like may stand in a field that is not read; in one that is, Arrow refuses it."""
    return (b"NaN" in block or b"Inf" in block) and _NOT_A_NUMBER.search(block) is not None


def _holds(text: pl.Series, pattern: str) -> bool:
    return bool(text.str.contains(pattern).any())


def _read(block: bytes, schema: pa.Schema) -> pa.Table | None:
    """Read a block that has the fields of the schema only, or one with others after a closer look."""
    table = _read_fields(block, schema, others="error")
    if table is None and not _has_no_number(block):
        table = _read_fields(block, schema, others="ignore")
    return table


def _read_fields(block: bytes, schema: pa.Schema, others: str) -> pa.Table | None:
    try:
        return pj.read_json(
            pa.BufferReader(block),
            read_options=pj.ReadOptions(block_size=len(block) + 1, use_threads=False),
            parse_options=pj.ParseOptions(explicit_schema=schema, unexpected_field_behavior=others),
        )
    except pa.ArrowException:
        return None
