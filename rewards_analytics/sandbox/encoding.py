"""JSON as the API writes it: a Decimal becomes a number with exactly its digits."""

from __future__ import annotations

import json
from datetime import date, datetime
from decimal import Decimal
from json.encoder import encode_basestring_ascii as quoted


def encode(value: object) -> str:
    """JSON text of a value made of dicts, lists, text, Decimals, dates and instants.

    Examples
    --------
    >>> from decimal import Decimal
    >>> print(encode({"balance": Decimal("12345678901234567.123456789"), "expires_on": None}))
    {"balance":12345678901234567.123456789,"expires_on":null}
    """
    # Text first: nearly every value is text, and encoding takes most of the time of a page.
    if isinstance(value, str):
        return quoted(value)
    if value is None:
        return "null"
    if isinstance(value, dict):
        return "{" + ",".join([f"{quoted(key)}:{encode(entry)}" for key, entry in value.items()]) + "}"
    if isinstance(value, list):
        return "[" + ",".join([encode(entry) for entry in value]) + "]"
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, datetime):
        return f'"{value:%Y-%m-%dT%H:%M:%S%z}"'
    if isinstance(value, date):
        return f'"{value.isoformat()}"'
    return json.dumps(value)
