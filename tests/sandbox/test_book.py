"""The book of lots against plain Python: every amount is whole, nothing is lost or made."""

from __future__ import annotations

import numpy as np
from hypothesis import given, strategies as st

from rewards_analytics.sandbox.year.book import HOUSEHOLD, Book
from rewards_analytics.sandbox.year.columns import NEVER

FIRST = np.array([0])


def book_of(*lots: tuple[int, int]) -> Book:
    """A book of one holding with an empty household and these lots: amount and last day."""
    book = Book.empty(1, 4)
    book.begin()
    for place, (amount, last) in enumerate(lots, start=1):
        book.earn(FIRST, place, np.array([amount]), np.array([last]), 0)
    book.begin()
    return book


def lots_of(book: Book) -> list[tuple[int, int]]:
    """Amount and last day of the lots that hold something, in the order of their places."""
    return [
        (amount, last) for amount, last in zip(book.lots[0].tolist(), book.expires[0].tolist(), strict=True) if amount
    ]


def test_redeeming_takes_first_what_expires_first():
    book = book_of((100, 30), (50, 10), (70, 20))

    book.redeem(FIRST, np.array([80]), day=5)

    assert lots_of(book) == [(100, 30), (40, 20)]
    assert (book.redeemed.tolist(), book.redeemed_late.tolist()) == ([80], [0])


def test_what_is_redeemed_from_a_lot_on_its_last_day_is_late():
    book = book_of((100, 30), (50, 10))

    book.redeem(FIRST, np.array([20]), day=10)
    book.redeem(FIRST, np.array([40]), day=10)
    book.expire(10)

    assert lots_of(book) == [(90, 30)]
    assert (book.redeemed.tolist(), book.redeemed_late.tolist(), book.expired.tolist()) == ([60], [50], [0])


def test_a_lot_is_held_on_its_last_day_and_lost_at_its_end():
    book = book_of((100, 30), (50, 10))

    book.expire(9)
    assert book.balance.tolist() == [150]

    book.expire(10)
    assert lots_of(book) == [(100, 30)]
    assert book.expired.tolist() == [50]


def test_a_lot_that_gets_more_keeps_its_day_and_an_empty_one_gets_a_new_one():
    book = book_of((100, 30), (50, 10))
    book.expire(10)

    book.earn(np.array([0]), 1, np.array([5]), np.array([99]), 11)
    book.earn(np.array([0]), 2, np.array([7]), np.array([99]), 11)

    assert lots_of(book) == [(105, 30), (7, 99)]
    assert book.begun_on[0, 1:3].tolist() == [0, 11]


def test_moving_a_lot_changes_its_day_alone_and_is_recorded():
    book = book_of((100, 30), (50, 10))

    book.move(FIRST, np.array([2]), np.array([40]), day=3)
    book.move(FIRST, np.array([1]), np.array([30]), day=3)  # to the day that it has
    book.move(FIRST, np.array([3]), np.array([40]), day=3)  # an empty lot

    assert lots_of(book) == [(100, 30), (50, 40)]
    assert book.moved.tolist() == [50]
    moved = [tuple(array.tolist() for array in move[1:]) for move in book.moves if len(move.holding)]
    assert moved == [([0], [10], [40], [50])]


def test_nothing_is_redeemed_that_is_not_there():
    book = book_of((100, 30))

    book.redeem(FIRST, np.array([500]), day=5)

    assert (lots_of(book), book.redeemed.tolist(), book.expires[0].tolist()) == ([], [100], [NEVER] * 5)


def test_the_household_is_redeemed_by_its_own():
    book = book_of((100, 30))
    book.earn(FIRST, HOUSEHOLD, np.array([60]), np.array([NEVER]), 1)

    book.redeem_household(FIRST, np.array([25]))

    assert lots_of(book) == [(35, NEVER), (100, 30)]
    assert (book.earned.tolist(), book.redeemed.tolist()) == ([60], [25])


steps = st.one_of(
    st.tuples(st.just("earn"), st.integers(1, 3), st.integers(1, 10**12)),
    st.tuples(st.just("redeem"), st.just(0), st.integers(0, 10**12)),
    st.tuples(st.just("move"), st.integers(1, 3), st.integers(1, 30)),
    st.tuples(st.just("pass"), st.just(0), st.just(0)),
)


@given(st.lists(steps, max_size=40))
def test_any_life_of_a_holding_agrees_with_plain_python(life):
    book, plain, day = Book.empty(2, 3), {}, 0
    book.begin()
    sums = dict.fromkeys(("earned", "redeemed", "expired", "moved"), 0)
    for kind, place, value in life:
        if kind == "earn":
            last = plain[place][1] if place in plain else day + 10 * place
            plain[place] = (plain.get(place, (0, 0))[0] + value, last)
            sums["earned"] += value
            book.earn(FIRST, place, np.array([value]), np.array([day + 10 * place]), day)
        elif kind == "redeem":
            left = value
            for at in sorted(plain, key=lambda at: (plain[at][1], at)):
                taken = min(left, plain[at][0])
                plain[at] = (plain[at][0] - taken, plain[at][1])
                left -= taken
                sums["redeemed"] += taken
            book.redeem(FIRST, np.array([value]), day)
        elif kind == "move":
            if place in plain and plain[place][1] != day + value:
                sums["moved"] += plain[place][0]
                plain[place] = (plain[place][0], day + value)
            book.move(FIRST, np.array([place]), np.array([day + value]), day)
        else:
            sums["expired"] += sum(amount for amount, last in plain.values() if last == day)
            plain = {at: lot for at, lot in plain.items() if lot[1] != day}
            book.expire(day)
            day += 1
        plain = {at: lot for at, lot in plain.items() if lot[0]}

    assert lots_of(book) == [plain[place] for place in sorted(plain)]
    assert {name: getattr(book, name).tolist() for name in sums} == {name: [value, 0] for name, value in sums.items()}
    assert sums["earned"] - sums["redeemed"] - sums["expired"] == book.balance[0]
