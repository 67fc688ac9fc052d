"""Records of one layout, walked from key to key: every byte that is no value is held to the layout."""

from __future__ import annotations

import codecs
import json
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from rewards_analytics.loading import _walk
from rewards_analytics.loading.layout import Layout, Texts

_BARE: Final = 1
_NULL: Final = 2
"""Kinds of values, as `_walk` counts them; a text in quotes is 0."""


def cut(block: bytes | memoryview, layout: Layout) -> dict[str, Texts] | None:
    """The values of each field, in order; None if a record is written differently."""
    literals = [*layout.before, layout.after, layout.between]
    fields = len(layout.names)
    most = len(block) // layout.least + 1
    first, last = np.empty((2, fields, most), dtype=np.int32)
    kinds = np.empty((fields, most), dtype=np.uint8)
    records = _walk.walk(block, literals, first, last, kinds)
    if records < 0:
        return None
    columns: dict[str, Texts] = {}
    is_ascii = True
    for number, name in enumerate(layout.names):
        kind = kinds[number, :records]
        found = _gathered(block, first[number, :records], last[number, :records], kind)
        if found is None:
            return None
        texts, of_kinds, ascii_only = found
        is_ascii &= ascii_only
        columns[name] = Texts(texts, kind == _BARE if of_kinds & 1 << _BARE else None)
    return columns if is_ascii or _is_utf8(block) else None


def _gathered(
    block: bytes | memoryview, first: np.ndarray, last: np.ndarray, kinds: np.ndarray
) -> tuple[pa.StringArray, int, bool] | None:
    """The texts of a field, the kinds that there are, and whether all is ASCII."""
    offsets = np.empty(len(first) + 1, dtype=np.int32)
    of_kinds = _walk.measure(first, last, kinds, offsets)
    data = np.empty(int(offsets[-1]), dtype=np.uint8)
    is_printable, is_ascii, is_escaped = _walk.gather(block, first, offsets, data)
    if not is_printable:
        return None
    valid = pa.py_buffer(np.packbits(kinds != _NULL, bitorder="little")) if of_kinds & 1 << _NULL else None
    texts = pa.StringArray.from_buffers(len(first), pa.py_buffer(offsets), pa.py_buffer(data), valid)
    if is_escaped and (texts := _unescaped(texts)) is None:
        return None
    return texts, of_kinds, is_ascii


def _unescaped(texts: pa.StringArray) -> pa.StringArray | None:
    """The texts that the escaped ones stand for; None if one is not JSON, or holds half a character."""
    escaped = pc.match_substring(texts, "\\")
    try:
        # No quote is left that is not escaped: side by side they are a list in JSON.
        together = '","'.join(texts.filter(escaped).to_pylist())
        return pc.replace_with_mask(texts, escaped, pa.array(json.loads(f'["{together}"]'), pa.string()))
    except (ValueError, pa.ArrowInvalid):
        return None


def _is_utf8(block: bytes | memoryview) -> bool:
    try:
        codecs.utf_8_decode(block, "strict", True)
    except UnicodeDecodeError:
        return False
    return True
