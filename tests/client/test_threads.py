"""A bounded number of calls at a time, whose results are consumed one by one."""

from __future__ import annotations

import threading
import time

import pytest

import rewards_analytics as ra
from rewards_analytics.client.pull.threads import in_threads


class Work:
    """Squares numbers, and counts them and how many ran at once."""

    def __init__(self):
        self.done = self.running = self.most = 0
        self.lock = threading.Lock()

    def __call__(self, number):
        with self.lock:
            self.running += 1
            self.most = max(self.most, self.running)
        time.sleep(0.001)
        with self.lock:
            self.running -= 1
            self.done += 1
        return number * number


def test_every_item_is_returned_with_its_result():
    assert sorted(in_threads(Work(), range(50), 4)) == [(number, number * number) for number in range(50)]


def test_no_more_calls_run_at_once_than_there_are_workers():
    work = Work()
    list(in_threads(work, range(60), 3))

    assert work.most <= 3


def test_unconsumed_results_hold_back_the_work():
    work = Work()
    results = in_threads(work, range(1000), 2)
    next(results)
    time.sleep(0.1)

    assert work.done <= 2 * 2 + 1
    results.close()


def test_an_error_of_this_package_is_a_result():
    def refuse(number):
        raise ra.RewardsError(f"no {number}")

    ((item, outcome),) = in_threads(refuse, [7], 2)

    assert item == 7
    assert str(outcome) == "no 7"


def test_any_other_error_is_raised():
    def fail(_):
        raise KeyError("a mistake in the program")

    with pytest.raises(KeyError):
        list(in_threads(fail, [1, 2, 3], 2))


def test_no_items_give_no_results():
    assert list(in_threads(Work(), [], 8)) == []
