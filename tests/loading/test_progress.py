"""A load that someone watches shows how far it is, and any other says nothing."""

import sys

import pytest

import rewards_analytics as ra
from rewards_analytics.loading import progress
from tests.loading.samples import reward, written


@pytest.fixture
def folder(tmp_path):
    for form in ("rewards.ndjson", "rewards.csv.gz", "rewards.parquet"):
        written(form, [reward(1), reward(2)], tmp_path)
    return tmp_path


def test_nothing_is_shown_where_output_is_not_interactive(folder, capfd, monkeypatch):
    monkeypatch.setattr(progress, "_DELAY_S", 0)

    ra.load(folder)

    assert capfd.readouterr() == ("", "")


def test_a_terminal_shows_bytes_files_and_rows(folder, monkeypatch, capsys):
    monkeypatch.setattr(progress, "_DELAY_S", 0)
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    monkeypatch.setattr("tqdm.std.tqdm.monitor_interval", 0)

    ra.load(folder)

    shown = capsys.readouterr().err
    assert "Loading" in shown
    assert "B/s" in shown


def test_what_is_shown_counts_files_and_rows():
    class Bar:
        def set_postfix_str(self, text, **_):
            self.text = text

    bar = Bar()
    counted = progress._Bar(bar, 3)
    counted.file_begun()
    counted.rows_read(1000)
    counted.file_begun()
    counted.rows_read(234)

    assert bar.text == "file 2 of 3, 1,234 rows"
