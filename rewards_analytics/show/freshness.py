"""How fresh rewards are, in words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from rewards_analytics.results.records import Record
from rewards_analytics.show.headline import MOST_UNITS, Part, Sentence, listed
from rewards_analytics.wording import amount_of, count, percent, rounded_of, unit_name

MOST_AGES: Final = 7
"""Ages that a sentence names one by one; older members are counted together."""

_NUMBERS: Final = ("two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")


def gathered(ages: Sequence[tuple[int | None, int]]) -> str:
    """Return how many members were last gathered how long ago, from the ages that `analysis.freshness.ages` gives.

    >>> gathered([(0, 38), (3, 2), (None, 1)])
    '38 members gathered today, 2 three days ago, 1 never'
    """
    known = [(days, members) for days, members in ages if days is not None]
    clauses = [(members, _ago(days)) for days, members in known[:MOST_AGES]]
    if len(known) == MOST_AGES + 1:
        clauses.append((known[-1][1], _ago(known[-1][0])))
    elif older := known[MOST_AGES:]:
        clauses.append((sum(members for _, members in older), f"{older[0][0]:,} to {older[-1][0]:,} days ago"))
    never = sum(members for days, members in ages if days is None)
    if not clauses:
        return f"{count(never, 'member')} never gathered" if never else "no members"
    (first, when), *others = clauses
    others += [(never, "never")] if never else []
    return ", ".join([f"{count(first, 'member')} gathered {when}", *(f"{number:,} {when}" for number, when in others)])


def _ago(days: int) -> str:
    if days < 2:
        return ("today", "yesterday")[days]
    return f"{_NUMBERS[days - 2] if days <= 12 else f'{days:,}'} days ago"


def staleness(rows: Sequence[Record], stale_after: int) -> Sentence:
    """Return how much of each unit is stale or of unknown age, from the rows of `freshness`."""
    known = [row for row in rows if row["available"]]
    if not known:
        return [Part("No balance is known, so none has an age.")]
    within = count(stale_after, "day")
    stale, unknown = _shares(known, "stale"), _shares(known, "unknown")
    if not stale and not unknown:
        return [Part(f"Every balance was gathered within {within} before this report.")]
    sentence: Sentence = []
    if stale:
        first, *others = stale
        sentence = [first._replace(text=first.text[0].upper() + first.text[1:]), *others]
        sentence.append(Part(f" were last gathered more than {within} before this report."))
    if unknown:
        sentence += [Part(" " if stale else ""), Part("It is not known when "), *unknown, Part(" were last gathered.")]
    return sentence


def _shares(rows: Sequence[Record], name: str) -> Sentence:
    """Return the amount `name` of each unit, the largest share first."""
    found = sorted(
        (row for row in rows if row[name]), key=lambda row: (-float(row[name] / row["available"]), row["unit_type"])
    )
    phrases: list[Sentence] = []
    for row in found[:MOST_UNITS]:
        part, whole, unit_type = row[name], row["available"], row["unit_type"]
        exact = amount_of(part, unit_type)
        if part == whole:
            phrases.append([Part("all", exact), Part(f" of the {unit_name(unit_type).lower()}")])
        elif 0 < part < whole:
            phrases.append([Part(percent(float(part / whole)), exact), Part(f" of the {unit_name(unit_type).lower()}")])
        else:
            phrases.append([Part(rounded_of(part, unit_type), exact)])
    if unsaid := len(found[MOST_UNITS:]):
        phrases.append([Part(f"some of {count(unsaid, 'more unit')}")])
    return listed(phrases) if phrases else []
