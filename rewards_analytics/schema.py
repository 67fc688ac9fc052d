"""The reward under MX's own names: its fields, documented values, the key of a holding, and the bounds of amounts."""

from __future__ import annotations

from typing import Final

FIELDS: Final = (
    "guid",
    "user_guid",
    "member_guid",
    "account_guid",
    "balance_type",
    "unit_type",
    "balance",
    "expires_on",
    "created_at",
    "description",
)
"""The ten fields, in the order of every frame that the loader returns."""

REQUIRED: Final = ("guid", "user_guid", "member_guid", "balance_type", "unit_type", "balance")
"""The fields that are never null."""

BALANCE: Final = "BALANCE"
BALANCE_TO_LEVEL: Final = "BALANCE_TO_LEVEL"
BALANCE_TO_REWARD: Final = "BALANCE_TO_REWARD"
EXPIRING_BALANCE: Final = "EXPIRING_BALANCE"
TOTAL_BALANCE: Final = "TOTAL_BALANCE"
BALANCE_TYPES: Final = (BALANCE, BALANCE_TO_LEVEL, BALANCE_TO_REWARD, EXPIRING_BALANCE, TOTAL_BALANCE)

TAKEN_ON: Final = "taken_on"
"""The day of the snapshot that a reward is of, in a history."""

DAYS: Final = ("expires_on", TAKEN_ON)
"""The columns whose values are days."""

TIMES: Final = ("created_at", "aggregated_at")
"""The columns whose values are times, in UTC where they have no zone."""

LOT_TYPES: Final = (EXPIRING_BALANCE, TOTAL_BALANCE, BALANCE)
"""The balance types of expiring lots: those of the first that a holding has. Available balances have no others."""

LEVEL: Final = "LEVEL"
REWARD: Final = "REWARD"
GOALS: Final = {BALANCE_TO_LEVEL: LEVEL, BALANCE_TO_REWARD: REWARD}
"""The balance types that are goals, and the kind of goal that each is."""

DOLLARS: Final = "DOLLARS"
MILES: Final = "MILES"
POINTS: Final = "POINTS"
SEGMENTS: Final = "SEGMENTS"
UNIT_TYPES: Final = (DOLLARS, MILES, POINTS, SEGMENTS)

HOLDER: Final = ("user_guid", "member_guid", "account_guid")
KEY: Final = (*HOLDER, "unit_type")
"""What one holding is: a member's balance in one account (or none) and one unit."""

PRECISION: Final = 38
SCALE: Final = 9
WHOLE_DIGITS: Final = 19
"""An amount is decimal(38, 9) with |amount| < 10**19, so that ten billion of them add up without overflow."""
