"""Arrow's reader of JSON, on texts that it is sure to read as the parser would.

Arrow reads decimals exactly, but it also accepts texts that are not valid amounts (`"+5"`, `".5"`), more documents than
lines, and invalid UTF-8, and it crashes on a document that is `null`. So each text is searched for these first, and
every function here returns None where the parser might see it differently.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Final, NamedTuple

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.json as pj

from rewards_analytics.amounts import TOO_LARGE
from rewards_analytics.loading.chunk import TYPES, Chunk, Place
from rewards_analytics.loading.columns import typed
from rewards_analytics.loading.values import NOT_A_TIME

Given = Mapping[str, str | None]
"""Columns that the rewards do not have to hold, each with its value in all of them."""

_TEXT_BALANCE: Final = r'"balance"\s*:\s*"'
_PAGE_KEY: Final = r'"rewards?"'
_NOT_A_NUMBER: Final = re.compile(rb"[:\[,]\s*-?(?:NaN|Inf)")
_ESCAPED_LETTER: Final = b"\\u006"
"""No program escapes letters. A key that does would be hidden from the patterns above."""

_REWARD: Final = TYPES.set(7, pa.field("expires_on", pa.string()))
"""Arrow's reader of JSON has no dates: they are read as text."""
_REWARD_WITH_TEXT: Final = _REWARD.set(6, pa.field("balance", pa.string()))


def read_lines(block: bytes, place_of: Callable[[int], Place], rows: int, given: Given) -> Chunk | None:
    """Rewards, one on each of `rows` lines that all begin with a brace; `given` as for `typed`."""
    text = _searchable(block)
    if text is None or (table := text.read(text.reward, rows)) is None:
        return None
    # A line may be a page: as a reward, it has no guid.
    if table.column("guid").null_count and (text.has(_PAGE_KEY) or text.has(r"\\u")):
        return None
    return _as_written(typed(table, place_of, "the block", given))


def read_pages(block: bytes, place_of: Callable[[int, int], Place], pages: int, given: Given) -> Chunk | None:
    """The rewards of `pages` documents `{"rewards": […]}`; `place_of` takes the page and the index in it."""
    text = _searchable(block)
    if text is None:
        return None
    table = text.read(pa.schema([("guid", pa.string()), text.list_of_rewards]), pages)
    if table is None or table.column("guid").null_count < pages:
        return None
    return _flatten(table.column("rewards").combine_chunks(), text.reward, place_of, given)


def read_list(document: bytes, place_of: Callable[[int], Place], given: Given) -> Chunk | None:
    """The rewards of one document `[{…}, …]`; one with pages among its elements is left to the parser."""
    text = _searchable(b'{"rewards":' + document + b"}")
    if text is None or text.has(r'\]\s*,\s*"'):  # inside the wrapper, `[…], "x": […]` would pass
        return None
    table = text.read(pa.schema([text.list_of_rewards]), 1)
    if table is None:
        return None
    lists = table.column("rewards").combine_chunks()
    if lists.flatten().field("guid").null_count and text.has(f"(?s){_PAGE_KEY}.*(?:{_PAGE_KEY}|\\\\u)"):
        return None
    return _flatten(lists, text.reward, lambda _, index: place_of(index), given)


def read_list_of_pages(document: bytes, place_of: Callable[[int, int], Place], given: Given) -> Chunk | None:
    """The rewards of one document `[{"rewards": […]}, …]`; `place_of` takes the page and the index in it."""
    # In a list of its own, text that follows the document would be another element, or not JSON.
    text = _searchable(b'{"pages":[' + document + b"]}")
    if text is None:
        return None
    page = pa.struct([("guid", pa.string()), text.list_of_rewards])
    table = text.read(pa.schema([("pages", pa.list_(pa.list_(page)))]), 1)
    if table is None:
        return None
    documents = table.column("pages").combine_chunks().flatten()
    pages = documents.flatten()
    if len(documents) != 1 or documents.null_count or pages.null_count or pages.field("guid").null_count < len(pages):
        return None
    return _flatten(pages.field("rewards"), text.reward, place_of, given)


class _Text(NamedTuple):
    """A block, also as a text that Rust's regular expressions search without a copy."""

    block: bytes
    text: pl.Series
    reward: pa.Schema
    """The schema of its rewards: whether balances are numbers or texts."""

    def has(self, pattern: str) -> bool:
        """Whether the pattern is found."""
        return bool(self.text.str.contains(pattern).any())

    @property
    def list_of_rewards(self) -> pa.Field:
        """The field of a page that holds its rewards."""
        return pa.field("rewards", pa.list_(pa.struct(list(self.reward))))

    def read(self, schema: pa.Schema, rows: int) -> pa.Table | None:
        """Read `rows` rows that have only these fields; or also others, after a closer look. None if that fails."""
        table = _read(self.block, schema, others="error")
        if table is None and not _has_no_number(self.block):
            table = _read(self.block, schema, others="ignore")
        return table if table is not None and table.num_rows == rows else None


def _searchable(block: bytes) -> _Text | None:
    """The block as a text, None if Arrow might read it differently from the parser. The cheap checks come first."""
    if not block.startswith(b"{"):
        return None
    if not block.isascii():
        try:
            block.decode()
        except UnicodeDecodeError:
            return None
    if b"\\" in block and _ESCAPED_LETTER in block:
        return None
    ends = pa.array([0, len(block)], pa.int64()).buffers()[1]
    text = pl.Series(pl.from_arrow(pa.LargeStringArray.from_buffers(1, ends, pa.py_buffer(block))))
    found = _Text(block, text, _REWARD)
    return found._replace(reward=_REWARD_WITH_TEXT) if found.has(_TEXT_BALANCE) else found


def _has_no_number(block: bytes) -> bool:
    """Whether `Inf` or the like may be in a field that is not read. In one that is, Arrow refuses it."""
    return (b"NaN" in block or b"Inf" in block) and _NOT_A_NUMBER.search(block) is not None


def _read(block: bytes, schema: pa.Schema, others: str) -> pa.Table | None:
    try:
        return pj.read_json(
            pa.BufferReader(block),
            read_options=pj.ReadOptions(block_size=len(block) + 1, use_threads=False),
            parse_options=pj.ParseOptions(explicit_schema=schema, unexpected_field_behavior=others),
        )
    except pa.ArrowException:
        return None


def _flatten(
    lists: pa.ListArray, reward: pa.Schema, place_of: Callable[[int, int], Place], given: Given
) -> Chunk | None:
    """The rewards of lists; None if a list or a reward is null."""
    rewards = lists.flatten()
    if lists.null_count or rewards.null_count:
        return None
    starts = np.concatenate([[0], np.cumsum(lists.value_lengths().to_numpy())])

    def place_of_reward(ordinal: int) -> Place:
        page = int(np.searchsorted(starts, ordinal, side="right")) - 1
        return place_of(page, ordinal - int(starts[page]))

    table = pa.Table.from_arrays(rewards.flatten(), schema=reward)
    return _as_written(typed(table, place_of_reward, "the block", given))


def _as_written(chunk: Chunk) -> Chunk | None:
    """A chunk, unless it rejects a value that Arrow converted: only the parser still has it as it was written."""
    return None if any(row.problem in (NOT_A_TIME, TOO_LARGE) for row in chunk.rejected) else chunk
