"""The demo: the whole product in one command, over real HTTP."""

import re

import polars as pl
import pytest

from rewards_analytics import sandbox as sandbox_module
from rewards_analytics.sandbox import Sandbox


@pytest.fixture
def served(monkeypatch):
    """The sandboxes that a command starts, kept so that their request logs can be read afterwards."""
    started = []

    class Kept(Sandbox):
        def __enter__(self):
            started.append(self)
            return super().__enter__()

    monkeypatch.setattr(sandbox_module, "Sandbox", Kept)
    return started


def test_the_demo_fetches_over_http_answers_the_question_and_shows_three_tables(run, served, tmp_path):
    ended = run("demo", "--out", tmp_path / "demo")

    assert ended.status == 0, ended.err
    for heading in ("Totals per unit", "Expires from", "The three nearest goals"):
        assert heading in ended.out
    assert "The institution asks: " in ended.err
    assert str(tmp_path / "demo" / "report.html") in ended.out
    page = (tmp_path / "demo" / "report.html").read_text(encoding="utf-8")
    assert "<title>" in page
    assert "How fresh it is" in page
    assert pl.read_parquet(tmp_path / "demo" / "rewards.parquet").schema["balance"] == pl.Decimal(38, 9)
    # The requests: fetch, status until challenged, resume, status until connected, list.
    steps = fetch_of(served[0].requests)
    assert re.fullmatch(r"(status )?fetch_rewards (status )+(challenges )?resume (status )+rewards ", steps), steps


def fetch_of(requests):
    """The steps of the first member's fetch up to its first list: the last segment of each path."""
    steps = [request.path.split("?")[0].rsplit("/", 1)[-1] for request in requests]
    assert all(200 <= request.status < 300 for request in requests)
    return "".join(f"{step} " for step in steps[: steps.index("rewards") + 1])
