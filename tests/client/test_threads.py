"""A bounded number of calls at a time, whose results are consumed one by one."""

from __future__ import annotations

import decimal
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


@pytest.mark.parametrize("error", [KeyError("odd"), RecursionError(), MemoryError(), decimal.InvalidOperation()])
def test_any_other_error_is_a_result_that_names_it(error):
    def fail(number):
        if number == 2:
            raise error
        return number

    results = dict(in_threads(fail, [1, 2, 3], 2))

    assert (results[1], results[3]) == (1, 3)
    with pytest.raises(ra.RewardsError, match=rf"{type(error).__name__} in fail, line \d+"):
        raise results[2]


def test_an_error_that_is_a_result_holds_no_variables():
    def fail(_):
        body = b"32 MiB"  # noqa: F841
        raise ra.RewardsError("refused") from OSError()

    ((_, error),) = in_threads(fail, [1], 2)

    assert (error.__traceback__, error.__cause__, error.__context__) == (None, None, None)


def test_no_items_give_no_results():
    assert list(in_threads(Work(), [], 8)) == []
