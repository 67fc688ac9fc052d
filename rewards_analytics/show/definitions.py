"""How each number is defined, for readers of a report: the term and its explanation."""

from __future__ import annotations

from typing import Final

DEFINITIONS: Final = {
    "Holding": (
        "What a member (a user's connection to one institution) holds in one account and one unit. Records "
        "without an account make one holding per member and unit."
    ),
    "Available": (
        "Overlapping balances are never added. Each holding is counted once: by its total balance if the provider "
        "gives one, otherwise by its plain balance. If it has neither, its balance is not known and adds nothing. "
        "An expiring balance is a part of the available balance, never an addition to it."
    ),
    "Expiring": (
        "The expiring lots of the holdings: the expiring balances that the provider gives; or, for a holding "
        "without any, the part of its available balance that carries an expiry date."
    ),
    "When": (
        "A lot that expires on the as-of date still counts as ahead. The timeline counts lots from that date on; "
        "expired lots and lots without a date appear in the aging schedule only."
    ),
    "Holdings, members, users": ("Only those with a known available balance are counted."),
    "Goal": (
        "The distance to a level or to a reward, as the provider gives it. It is reached when nothing remains. A "
        "member is within 10% of a goal if its progress is at least 90%."
    ),
    "Progress": (
        "The available balance, divided by the sum of the available balance and what remains. This assumes that "
        "the goal counts the balance held in its unit; the provider does not say so."
    ),
    "Stale": (
        "A balance is as old as the last time that MX gathered it from the member's institution. It is stale if that "
        "was more than {stale_after} calendar days in UTC before the as-of date. Its age is unknown if MX does not say "
        "when it was, or has never gathered it."
    ),
    "Roll-forward": (
        "Opening + joined + earned - redeemed - expired - left = closing, from two snapshots that follow each other, "
        "added up. Earned and redeemed are net between the two, so at least this much: what is earned and redeemed "
        "in between shows as the difference. Expired are the lots of the earlier snapshot whose day has passed. "
        "Joined and left are the balances of holdings that only the later or only the earlier snapshot shows."
    ),
    "Value": (
        "Each holding times the rate of its unit, or the rate of its member and unit where there is one, added "
        "up. A dollar is worth one dollar unless a rate says otherwise. Holdings without a rate or with an "
        "unknown balance add nothing. The expiring value covers everything that expires, at any date."
    ),
    "Units": (
        "Miles, points, segments and dollars are never added to each other, and no exchange rate is assumed. "
        "Amounts are exact decimals; only the sentences at the top round them, and show the exact amount on "
        "hover."
    ),
}
"""Each term with its definition, in the order in which a reader needs them."""


def definitions(*, value: bool, stale_after: int | None = None, moved: bool = False) -> dict[str, str]:
    """Return the definitions of a report: those of value, stale (with its days) and roll-forward if it shows them."""
    shown = {"Value": value, "Stale": stale_after is not None, "Roll-forward": moved}
    return {term: text.format(stale_after=stale_after) for term, text in DEFINITIONS.items() if shown.get(term, True)}
