"""What is said of an engine that fails: what failed and its cause, in one line."""

import pytest

from rewards_analytics.cli.clusters import _in_one_line


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("Disk quota exceeded", "Disk quota exceeded"),
        ("", ""),
        (
            "An exception was thrown from the Python worker:\nTraceback (most recent call last):\n"
            "  File splits.py, line 10, in <module>\nModuleNotFoundError: No module named 'pyarrow'",
            "An exception was thrown from the Python worker: ModuleNotFoundError: No module named 'pyarrow'",
        ),
        (
            "An error occurred while calling o7.getResult.\n: org.apache.spark.SparkException: Exception in await:\n"
            "\tat org.apache.spark.A\nCaused by: org.apache.spark.SparkException: Job aborted\n\tat B\n"
            "Caused by: java.io.EOFException: Python worker exited\n\t... 19 more",
            "An error occurred while calling o7.getResult. Caused by: java.io.EOFException: Python worker exited",
        ),
    ],
)
def test_an_error_of_an_engine_becomes_one_line(text, line):
    assert _in_one_line(text) == line
