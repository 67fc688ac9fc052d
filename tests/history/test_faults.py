"""What deltalake says went wrong, as one of our errors in one line."""

import pytest
from deltalake.exceptions import DeltaError
from polars.exceptions import ComputeError

import rewards_analytics as ra
from rewards_analytics.history.faults import in_words, reading, writing


@pytest.mark.parametrize(("length", "expected"), [(599, "x" * 599), (600, "x" * 600), (601, f"{'x' * 600}…")])
def test_an_error_is_cut_after_600_characters(length, expected):
    assert in_words(OSError("x" * length)) == expected


@pytest.mark.parametrize("error", [OSError("broken"), DeltaError("broken"), ComputeError("broken")])
def test_a_failure_to_read_or_write_is_one_of_our_errors(error):
    with pytest.raises(ra.SourceError, match=r"^The history h cannot be read: broken\. Check the path"), reading("h"):
        raise error
    with pytest.raises(ra.RewardsError, match=r"^Not written to h: broken\. Check the"), writing("h", "Not written to"):
        raise error
