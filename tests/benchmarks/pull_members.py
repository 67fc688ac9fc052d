"""How fast and how large a pull is: `python -m tests.benchmarks.pull_members` from the root of the project.

Two comparisons, each on a sandbox in a process of its own:

- speed: members per second of `ra.pull` with 16 workers, and of MX's own client in a loop, on members of three pages at
  20 ms latency. MX's client has no page argument, so its loop requests the first page three times. Required: at least
  8 times as fast.
- memory: peak memory of a pull of 20,000 members with `out`, relative to 1,000 members. Required: at most 1.3 times.

On a shared machine the ratios are reliable, the seconds are not.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

PAGES, PER_PAGE, LATENCY_S = 3, 25, 0.02
SPEED_MEMBERS, LOOP_MEMBERS, WORKERS = 500, 60, 16
FEW, MANY = 1_000, 20_000

OURS = """
import json, resource, sys, time
import polars, tempfile
import rewards_analytics as ra
base_url, key, client_id, members, workers, out = sys.argv[1:]
members = [tuple(pair) for pair in json.load(open(members))]
ra.load([])  # imports what a pull imports
with ra.AtriumClient(key, client_id, base_url) as client:
    began = time.perf_counter()
    pulled = ra.pull(client, members, workers=int(workers), out=out or None)
    seconds = time.perf_counter() - began
assert not pulled.failures, pulled.failures[:3]
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(json.dumps({"members": pulled.members, "seconds": seconds, "peak_mb": peak}))
"""

THEIRS = """
import json, sys, time
from mx_platform_python import ApiClient, Configuration
from mx_platform_python.api.rewards_api import RewardsApi
base_url, key, client_id, members, pages = sys.argv[1:]
members = json.load(open(members))
with ApiClient(Configuration(host=base_url, username=client_id, password=key)) as client:
    client.set_default_header("Accept-Version", "v20250224")  # which this client does not send by itself
    api = RewardsApi(client)
    began = time.perf_counter()
    for user_guid, member_guid in members:
        for _ in range(int(pages)):
            api.list_rewards(user_guid=user_guid, member_guid=member_guid)
    print(json.dumps({"members": len(members), "seconds": time.perf_counter() - began}))
"""


def serve(users: int, rewards: int, latency: float, ready: Any, stop: Any) -> None:
    """Serve a world whose members have this many whole rewards each (their own if 0)."""
    from rewards_analytics.sandbox import Sandbox

    with Sandbox(users=users, latency=latency, default_per_page=PER_PAGE, most_per_page=PER_PAGE) as sandbox:
        for member in sandbox.world.members.values() if rewards else ():
            pattern = {"user_guid": member.user_guid, "member_guid": member.guid, "account_guid": None}
            pattern |= {"balance_type": "BALANCE", "unit_type": "POINTS", "balance": Decimal(7), "expires_on": None}
            pattern |= {"created_at": "2026-01-28T21:09:01+0000", "description": "Points"}
            member.rewards = [{"guid": f"RWD-{member.guid}-{number}", **pattern} for number in range(rewards)]
        ready.put((sandbox.base_url, sandbox.api_key, sandbox.client_id, sandbox.world.pairs()))
        stop.wait()


@contextmanager
def sandbox(users: int, rewards: int, latency: float) -> Iterator[tuple[str, str, str, list[tuple[str, str]]]]:
    """A sandbox in its own process: its address, key, client id and members."""
    context = multiprocessing.get_context("spawn")
    ready, stop = context.Queue(), context.Event()
    process = context.Process(target=serve, args=(users, rewards, latency, ready, stop))
    process.start()
    try:
        yield ready.get(timeout=120)
    finally:
        stop.set()
        process.join()


def measured(program: str, *arguments: str, environment: dict[str, str] | None = None) -> dict[str, float]:
    """The JSON that a program prints."""
    options = ["-S"] if environment else []
    command = [sys.executable, *options, "-c", program, *arguments]
    run = subprocess.run(command, env=os.environ | (environment or {}), capture_output=True, text=True, check=True)
    result: dict[str, float] = json.loads(run.stdout)
    return result


def speed(folder: Path) -> float:
    """Members per second of `ra.pull`, as a multiple of MX's client in a loop."""
    mx = folder / "mx"
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--target", str(mx), "mx-platform-python"]
    subprocess.run(pip, check=True, capture_output=True)
    with sandbox(SPEED_MEMBERS, PAGES * PER_PAGE, LATENCY_S) as (*connection, pairs):
        (folder / "all.json").write_text(json.dumps(pairs[:SPEED_MEMBERS]))
        (folder / "some.json").write_text(json.dumps(pairs[:LOOP_MEMBERS]))
        ours = measured(OURS, *connection, str(folder / "all.json"), str(WORKERS), "")
        loop = [*connection, str(folder / "some.json"), str(PAGES)]
        theirs = measured(THEIRS, *loop, environment={"PYTHONPATH": str(mx)})
    rates = [result["members"] / result["seconds"] for result in (ours, theirs)]
    _say(f"speed: {rates[0]:.0f} members/s, MX's client in a loop {rates[1]:.1f}: {rates[0] / rates[1]:.1f} times")
    return rates[0] / rates[1]


def memory(folder: Path) -> float:
    """Peak memory of a pull of many members into a folder, as a multiple of a pull of few."""
    peaks = []
    with sandbox(MANY * 2 // 3, 0, 0.0) as (*connection, pairs):
        for count in (FEW, MANY):
            (folder / "members.json").write_text(json.dumps(pairs[:count]))
            result = measured(OURS, *connection, str(folder / "members.json"), str(WORKERS), str(folder / str(count)))
            peaks.append(result["peak_mb"])
            _say(f"memory: {result['members']:,.0f} members, {result['peak_mb']:.0f} MB, {result['seconds']:.0f} s")
    return peaks[1] / peaks[0]


def _say(words: str) -> None:
    print(words, flush=True)  # noqa: T201


def main() -> None:
    """Run both comparisons; exit with 1 if either fails."""
    with tempfile.TemporaryDirectory() as folder:
        times_as_fast = speed(Path(folder))
        times_as_large = memory(Path(folder))
    _say(f"{times_as_fast:.1f} times as fast (8 required), {times_as_large:.2f} times as large (1.3 allowed)")
    sys.exit(0 if times_as_fast >= 8 and times_as_large <= 1.3 else 1)


if __name__ == "__main__":
    main()
