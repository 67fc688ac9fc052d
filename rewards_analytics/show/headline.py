"""The most important facts, in words with numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Final, NamedTuple, TypeAlias

from rewards_analytics.results.goals import GoalCounts
from rewards_analytics.results.records import Record
from rewards_analytics.results.upcoming import SOON_DAYS, soon
from rewards_analytics.schema import DOLLARS
from rewards_analytics.wording import amount_of, count, day, listing, percent, rounded, rounded_of, unit_name

MOST_UNITS: Final = 4
"""Units that the headline names among those that expire soon, and among those that do not."""


class Part(NamedTuple):
    """A part of a sentence.

    `exact` is the unrounded form of a number to stress; `keep` is for text that must not break over lines; `term` is
    the term of `definitions` that explains it, which a report links to.
    """

    text: str
    exact: str | None = None
    keep: bool = False
    term: str | None = None


Sentence: TypeAlias = list[Part]


def share(part: Decimal, whole: Decimal | None) -> str | None:
    """Return a part in percent of the whole; None if there is no whole, or the part is larger."""
    if whole is None or whole <= 0 or not 0 <= part <= whole:
        return None
    return percent(float(part / whole))


def headline(
    totals: Sequence[Record], schedule: Sequence[Record], last_days: Mapping[str, date], goals: GoalCounts
) -> list[Sentence]:
    """Return how much is held, how much expires soon and by which day, and how many members are close to a goal.

    `last_days` has for each unit the last day within `SOON_DAYS` on which any of it expires.
    """
    amounts = {row["unit_type"]: soon(schedule, row["unit_type"]) for row in totals}
    # What expires soon comes first, the largest share of its unit before the others.
    expiring = sorted((row for row in totals if amounts[row["unit_type"]]), key=lambda row: _urgency(row, amounts))
    lasting = [row for row in totals if not amounts[row["unit_type"]] and row["available"] is not None]
    days = [last_days[row["unit_type"]] for row in expiring[:MOST_UNITS]]
    clauses = [
        _expiring(row, amounts[row["unit_type"]], "then" if last == before else day(last))
        for row, last, before in zip(expiring, days, [None, *days], strict=False)
    ]
    if unsaid := len(expiring[MOST_UNITS:]):
        clauses.append([Part(f"some of {count(unsaid, 'more unit')} within {SOON_DAYS} days")])
    if lasting:
        clauses.append(_lasting(lasting))
    if not totals and not goals.all:
        return [[Part("These rewards hold no balance and no goal.")]]
    if not clauses:
        clauses = [[Part("No balance is known")]]
    return [_joined(clauses, "; "), *_close(goals)]


def sentence_of_worth(rows: Sequence[Record], value: Decimal | None, expiring_value: Decimal | None) -> Sentence:
    """Return what everything with a rate is worth in dollars, and how much of that expires."""
    if value is None:
        return [Part("No balance has a rate, so its value is not known.")]
    sentence = [Part("Worth "), _number(value, DOLLARS), Part(" at the rates given")]
    if expiring_value:
        sentence += [Part(", "), _number(expiring_value, DOLLARS), Part(" of it due to expire")]
    left_out = [unit_name(row["unit_type"]).lower() for row in rows if row["value"] is None]
    if unsaid := len(left_out[MOST_UNITS:]):
        left_out = [*left_out[:MOST_UNITS], count(unsaid, "more unit")]
    return [*sentence, Part(f", not counting {listing(left_out)}." if left_out else ".")]


def sentence_of_source(source: Record, as_of: date | None = None) -> str:
    """Return what the rewards are, from the facts of `origin`: how many, whose, and how old on a day.

    In a report, which shows its day, that day needs no name.
    """
    words = f"Made from {count(source['rewards'], 'reward')}"
    if source["rewards"]:
        words += f" of {count(source['users'], 'user')} and {count(source['members'], 'member')}"
    oldest, newest, age = source["oldest"], source["newest"], source["age"]
    if newest is None:
        return f"{words}."
    words += f", recorded on {day(newest)}" if oldest == newest else f", recorded from {day(oldest)} to {day(newest)}"
    if age > 0:
        words += f", {count(age, 'day')} before {day(as_of) if as_of else 'the day of this report'}"
    elif age == 0 and as_of is None:
        words += ", the day of this report"
    return f"{words}."


def text_of(sentence: Sentence) -> str:
    """Return a sentence as plain text."""
    return "".join(part.text for part in sentence)


def _urgency(row: Record, amounts: Mapping[str, Decimal]) -> tuple[float, str]:
    part, whole = amounts[row["unit_type"]], row["available"]
    return (-float(part / whole) if whole else 0.0, row["unit_type"])


def _expiring(row: Record, expiring: Decimal, last_day: str) -> Sentence:
    unit_type, available = row["unit_type"], row["available"]
    verb = "expires" if expiring == 1 else "expire"
    by = Part(last_day, keep=True)
    if available is None:
        return [_number(expiring, unit_type), Part(f" {verb} by "), by, Part(", of a balance that is not known")]
    part = share(expiring, available)
    if part is None:
        return [
            _number(available, unit_type),
            Part(" and "),
            _number(expiring, unit_type),
            Part(f" that {verb} by "),
            by,
        ]
    if expiring == available:
        return [_number(available, unit_type), Part(f", all of which {verb} by "), by]
    return [
        _number(available, unit_type),
        Part(", of which "),
        # The unit has just been named: "1.2 million miles, of which 84,000 expire".
        Part(rounded(expiring, unit_type), amount_of(expiring, unit_type)),
        Part(f" ({part}) {verb} by "),
        by,
    ]


def _lasting(rows: Sequence[Record]) -> Sentence:
    parts = [[_number(row["available"], row["unit_type"])] for row in rows[:MOST_UNITS]]
    if unsaid := len(rows[MOST_UNITS:]):
        parts.append([Part(count(unsaid, "more unit"))])
    return [*listed(parts), Part(f", none of which expires within {SOON_DAYS} days")]


def _close(goals: GoalCounts) -> list[Sentence]:
    near = [(kind, number) for kind, number in goals.members.items() if number]
    if not goals.all:
        return []
    if not near:
        return [[Part("No member is within 10% of a level or a reward.")]]
    (kind, number), *others = near
    verb = "is" if number == 1 else "are"
    members = count(number, "member")
    sentence = [Part(members, members), Part(f" {verb} within 10% of a {kind.lower()}")]
    for other, more in others:
        sentence += [Part(", and "), Part(f"{more:,}", count(more, "member")), Part(f" of a {other.lower()}")]
    return [[*sentence, Part(".")]]


def listed(phrases: Sequence[Sentence]) -> Sentence:
    """Return phrases with commas between them, and `and` before the last."""
    return phrases[0] if len(phrases) == 1 else [*_joined(phrases[:-1], ", "), Part(" and "), *phrases[-1]]


def _joined(clauses: Sequence[Sentence], link: str) -> Sentence:
    sentence = list(clauses[0])
    for clause in clauses[1:]:
        sentence += [Part(link), *clause]
    return [*sentence, Part(".")] if link == "; " else sentence


def _number(value: Decimal, unit_type: str) -> Part:
    return Part(rounded_of(value, unit_type), amount_of(value, unit_type))
