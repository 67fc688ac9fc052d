"""One reward of the API, as the rest of the package takes it: exact balance, owners named, no field missing."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from rewards_analytics.amounts import amount, is_amount
from rewards_analytics.atrium import JsonObject
from rewards_analytics.client.version import Version
from rewards_analytics.errors import AtriumError
from rewards_analytics.schema import EXPIRING_BALANCE

NEEDED: Final = ("guid", "balance_type", "unit_type", "balance")
"""Fields that the analyses need. The owners of a reward are known from the path."""


def completed(reward: JsonObject, call: str, *, user_guid: str, member_guid: str, version: Version) -> JsonObject:
    """Same reward with an exact balance, and with the user and member of the path where it names none.

    A version of the Platform API may send rewards with fewer fields. One without a field that the analyses need is
    refused, because they would fail later, or count it wrong: an expiring balance without its date never expires.
    """
    if version.dialect == "platform":
        needed = (*NEEDED, "expires_on") if reward.get("balance_type") == EXPIRING_BALANCE else NEEDED
        missing = [name for name in needed if name not in reward]
        if missing:
            raise AtriumError.lacks_fields(call, missing, str(version), version.advice)
    whole = reward.copy()
    if whole.get("user_guid") is None:
        whole["user_guid"] = user_guid
    if whole.get("member_guid") is None:
        whole["member_guid"] = member_guid
    if "balance" in whole:
        whole["balance"] = _exact(whole["balance"])
    return whole


def _exact(balance: object) -> object:
    """The balance as a Decimal; one that is not an amount stays as it was written, for `load` to reject."""
    if isinstance(balance, int) and not isinstance(balance, bool):
        return Decimal(balance)
    if isinstance(balance, str) and is_amount(balance):
        return amount(balance)
    if isinstance(balance, Decimal) and not balance.is_finite():
        return str(balance)
    return balance
