"""A step ahead: an item is made while the one before it is in use."""

from threading import Event

import pytest

from rewards_analytics.engines.ahead import ahead


def test_items_keep_their_order():
    assert [*ahead(number for number in range(100))] == [*range(100)]
    assert [*ahead(number for number in ())] == []


def test_an_item_is_made_while_the_one_before_it_is_in_use_and_none_further_ahead():
    began = [Event(), Event(), Event()]

    def made():
        for number, event in enumerate(began):
            event.set()
            yield number

    items = ahead(made())
    assert next(items) == 0
    assert began[1].wait(30)
    assert not began[2].wait(0.2)
    assert [*items] == [1, 2]


def test_an_error_comes_after_the_items_before_it():
    def made():
        yield 1
        raise ValueError("the second")

    items = ahead(made())
    assert next(items) == 1
    with pytest.raises(ValueError, match="the second"):
        next(items)


def test_items_that_nobody_wants_any_more_are_closed():
    closed = Event()

    def made():
        try:
            yield from range(100)
        finally:
            closed.set()

    items = ahead(made())
    assert next(items) == 0
    items.close()

    assert closed.is_set()
