"""`rewards-analytics dashboard`: problems are reported before anything is served."""

import json
import socket
from datetime import date

import pytest

import rewards_analytics as ra
from rewards_analytics.dashboard import server
from rewards_analytics.dashboard.page import page
from rewards_analytics.dashboard.site import write_site


def test_a_missing_source_is_named(run, tmp_path):
    ended = run("dashboard", tmp_path / "absent.json")

    assert ended.status == 1
    assert "absent.json" in ended.err


def test_a_source_with_invalid_rows_is_not_served(run):
    ended = run("dashboard", "-", stdin=b'{"guid": "RWD-1"}')

    assert ended.status == 1
    assert "1 row is not a valid reward" in ended.err


def test_a_port_in_use_is_named_and_another_suggested(run, rewards_json):
    pytest.importorskip("voila", reason='pip install "rewards-analytics[dashboard]"')
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        port = listener.getsockname()[1]

        ended = run("dashboard", rewards_json, "--port", port)

    assert ended.status == 1
    assert f"127.0.0.1:{port}" in ended.err
    assert "another port" in ended.err


def test_a_port_out_of_range_is_wrong_usage(run, rewards_json):
    pytest.importorskip("voila", reason='pip install "rewards-analytics[dashboard]"')

    ended = run("dashboard", rewards_json, "--port", "70000")

    assert ended.status == 2
    assert "port=70000 is not a port" in ended.err


def test_without_voila_the_error_names_the_extra(run, rewards_json, monkeypatch):
    monkeypatch.setattr(server, "find_spec", lambda _: None)

    ended = run("dashboard", rewards_json)

    assert ended.status == 2
    assert 'Voila is not installed: pip install "rewards-analytics[dashboard]"' in ended.err


def test_the_source_name_is_one_line_of_text_in_the_notebook_that_is_served(tmp_path):
    write_site(tmp_path, ra.load([]), "<script>\nalert(1)</script>.json", None, port=1, token="t")

    notebook = json.loads((tmp_path / "Rewards.ipynb").read_text(encoding="utf-8"))

    assert notebook["metadata"]["source"] == "<script> alert(1)</script>.json"
    assert "script" not in notebook["cells"][0]["source"]


def test_the_page_shows_the_rewards_of_its_folder(tmp_path, rewards_json):
    write_site(tmp_path, ra.load(rewards_json), "rewards.json", date(2026, 11, 23), port=1, token="t")

    dashboard = page(tmp_path)

    assert dashboard.state["as_of"] == "2026-11-23"
    assert len(dashboard.selection) == len(ra.load(rewards_json))
