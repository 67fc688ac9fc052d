"""How each number is defined, for readers of a report: the term and its explanation."""

from __future__ import annotations

from typing import Final

from rewards_analytics.analysis.over_time.outlook import FEWEST_DUES, MOST_AGE_DAYS
from rewards_analytics.results.upcoming import SOON_DAYS
from rewards_analytics.show.lapses import LIKELY

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
        "The age of a balance counts from the last time that MX gathered it from the member's institution. A balance "
        "is stale if that was more than {stale_after} calendar days (UTC) before the as-of date. Its age is unknown "
        "if MX does not say when that was, or has never gathered it."
    ),
    "Roll-forward": (
        "Opening + joined + earned - redeemed - expired - left = closing, computed between consecutive snapshots and "
        "added up. Earned and redeemed are net between two snapshots, so they are lower bounds: amounts earned and "
        "redeemed in between show as their difference. Expired are the lots of the earlier snapshot whose day has "
        "passed. An institution that reports late still lists a lot that has expired: its loss then shows as earned, "
        "and as redeemed once the institution reports again. Joined and left are the balances of holdings that are "
        "only in the later or only in the earlier snapshot."
    ),
    LIKELY: (
        "The amounts that expire within {soon_days} days, each due times the share of earlier dues of its unit that "
        "lapsed with as many days left. An amount lapsed if it was still due on its day; otherwise it was redeemed, or "
        "moved to another day. This is not the breakage rate, which needs the issuer's ledger. The share in the past "
        "covers the amounts due within {soon_days} days on the first snapshot of each month, up to a year back. A "
        "unit is left out if it has fewer than {fewest_dues} such dues, if the last snapshot is more than {most_age} "
        "days old, or if that snapshot lists a different amount as due."
    ),
    "Value": (
        "The sum over all holdings of balance times rate: the rate of the member and unit if there is one, otherwise "
        "that of the unit. A dollar is worth one dollar unless a rate says otherwise. Holdings without a rate or with "
        "an unknown balance add nothing. The expiring value covers everything that expires, at any date."
    ),
    "Units": (
        "Miles, points, segments and dollars are never added to each other, and no exchange rate is assumed. "
        "Amounts are exact decimals; only the sentences at the top round them, and show the exact amount on "
        "hover."
    ),
}
"""Each term with its definition, in the order in which a reader needs them."""


def definitions(
    *, value: bool, stale_after: int | None = None, moved: bool = False, lapses: bool = False
) -> dict[str, str]:
    """Return the definitions of a report, without those of numbers that it does not show."""
    shown = {"Value": value, "Stale": stale_after is not None, "Roll-forward": moved, LIKELY: lapses}
    numbers = {
        "stale_after": stale_after,
        "soon_days": SOON_DAYS,
        "fewest_dues": FEWEST_DUES,
        "most_age": MOST_AGE_DAYS,
    }
    return {term: text.format_map(numbers) for term, text in DEFINITIONS.items() if shown.get(term, True)}
