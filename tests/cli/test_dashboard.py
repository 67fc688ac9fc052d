"""`rewards-analytics dashboard`: problems are reported before anything is served."""

import socket

import pytest

import rewards_analytics as ra
from rewards_analytics.dashboard import server
from rewards_analytics.dashboard.page import page


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


def test_the_source_name_is_escaped_on_the_page(tmp_path):
    (tmp_path / "page.json").write_text('{"name": "<script>alert(1)</script>.json", "as_of": "2026-11-23"}')
    ra.write(ra.load([]), tmp_path / "rewards.parquet")

    title = page(tmp_path).children[0].value

    assert "0 rewards of 0 users, from &lt;script&gt;alert(1)&lt;/script&gt;.json" in title
