"""Damaged sources of every form into `load`: it ends in a frame or in a RewardsError, never in anything else.

A JSON document that is not JSON ends in a RewardsError with the line and the column that the standard library gives,
and a text that is not UTF-8 in a SourceError, never in a part of it.

    python -m tests.benchmarks.fuzz_loading --inputs 200000

Inputs are made in processes of some thousands each, so that a crash of a reader is seen too, with the seed of
the process that it ended.
"""

from __future__ import annotations

import argparse
import collections
import gzip
import io
import json
import random
import re
import subprocess
import sys
import warnings
from pathlib import Path

import rewards_analytics as ra
from tests.loading.samples import FORMS, from_zst, reward

ROOT = Path(__file__).parents[2]
PER_PROCESS = 10_000
PLACE = re.compile(r"is not JSON: line ([0-9]+), column ([0-9]+): ")
TOKENS = [
    b"null", b"NaN", b"Inf", b"-", b"1e999", b"{", b"}", b"[", b"]", b",", b":", b'"', b"\\", b"\\u0000", b"\\ud800",
    b"\0",
    b"\n", b"\r", b"\xff", b"\xef\xbb\xbf", b"'", b"=", b";", b"+5", b"0", b"9" * 40, b"[" * 2000, b'{"a":' * 500,
    b'"balance"', b'"rewards"', b'"reward"', b'"guid"', b"RWD-1", b"2026-13-01", b"T25:00", b"\xe2\x80\xa8", b"PAR1",
]  # fmt: skip
REWARDS = [
    reward(1, balance="12345678901234567.123456789"),
    reward(2, account_guid=None, expires_on=None, description="=1+1"),
    reward(3, description='é "quoted",\n'),
]


def damaged(data: bytes, rng: random.Random) -> bytes:
    """The same bytes with up to four faults in them."""
    changed = bytearray(data)
    for _ in range(rng.choice([0, 1, 1, 2, 4])):
        at, length = rng.randrange(len(changed) + 1), rng.choice([0, 1, 2, 10, 100])
        match rng.randrange(5):
            case 0:
                changed[at : at + 1] = bytes([rng.randrange(256)])
            case 1:
                del changed[at : at + length]
            case 2:
                changed[at:at] = rng.choice(TOKENS)
            case 3:
                changed[at : at + length] = rng.choice(TOKENS)
            case _:
                start = rng.randrange(len(changed) + 1)
                changed[at:at] = changed[start : start + length]
    return bytes(changed)


def source(seed: str) -> bytes:
    """A damaged source; packed ones are sometimes damaged before they are packed."""
    rng = random.Random(seed)
    form = rng.choice(list(FORMS))
    some = REWARDS[: rng.choice([2, 3])]  # without the third, nothing is escaped
    data = FORMS[form](some * rng.choice([1, 1, 1, 20]))
    if form.endswith(".gz") and rng.random() < 0.5:
        return gzip.compress(damaged(gzip.decompress(data), rng), 1)
    return damaged(data, rng)


def run(seed: int, inputs: int) -> collections.Counter[str]:
    """Load damaged sources, and count how they end; anything but a frame or our error is raised."""
    warnings.simplefilter("ignore", ra.RewardsWarning)
    ends: collections.Counter[str] = collections.Counter()
    for number in range(inputs):
        name = f"{seed}-{number}"
        data = source(name)
        on_invalid = "drop" if number % 2 else "raise"
        try:
            ra.load(io.BytesIO(data) if number % 3 == 0 else data, on_invalid=on_invalid)
            _require_utf8(data)
        except ra.RewardsError as error:
            if isinstance(error, ra.InvalidRewardsError):
                _require_utf8(data)
            ends[type(error).__name__] += 1
            ends["a fault at its place"] += _is_at_its_place(str(error), data)
        except BaseException:
            print(f"source({name!r}), on_invalid={on_invalid!r} ended in another error:", file=sys.stderr)  # noqa: T201
            raise
        else:
            ends["a frame"] += 1
    return ends


def _text(data: bytes) -> bytes:
    """A text that is packed, or not."""
    if data.startswith(b"\x28\xb5\x2f\xfd"):
        return from_zst(data)
    return gzip.decompress(data) if data.startswith(b"\x1f\x8b") else data


def _require_utf8(data: bytes) -> None:
    """Raise an error where a text that was read is not UTF-8."""
    if not data.startswith(b"PAR1"):
        _text(data).decode()


def _is_at_its_place(message: str, data: bytes) -> bool:
    """Whether the error names a place in a JSON document; one that is not that of the standard library is raised."""
    found = PLACE.search(message)
    if found is None:
        return False
    try:
        json.loads(_text(data).removeprefix(b"\xef\xbb\xbf").decode())
    except json.JSONDecodeError as fault:
        if (int(found[1]), int(found[2])) == (fault.lineno, fault.colno):
            return True
        raise AssertionError(f"{message}\nThe standard library says: {fault}") from fault
    raise AssertionError(f"{message}\nThe standard library finds no fault.")


def fuzz(inputs: int, first_seed: int = 1) -> collections.Counter[str]:
    """Load damaged sources in a process for each 10,000 of them, and count how they end."""
    ends: collections.Counter[str] = collections.Counter()
    for done in range(0, inputs, PER_PROCESS):
        part = [f"--seed={first_seed + done // PER_PROCESS}", f"--inputs={min(PER_PROCESS, inputs - done)}"]
        command = [sys.executable, "-m", "tests.benchmarks.fuzz_loading", "--one-process", *part]
        ends.update(json.loads(subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE).stdout))
        print(f"{min(done + PER_PROCESS, inputs):,} inputs: each ended in a frame or in a RewardsError", flush=True)  # noqa: T201
    return ends


def main() -> None:
    """Run as many inputs as asked for, and print the count."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--inputs", type=int, default=200_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--one-process", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one_process:
        print(json.dumps(run(options.seed, options.inputs)))  # noqa: T201
        return
    for end, count in fuzz(options.inputs, options.seed).most_common():
        print(f"{count:,} ended in {end}")  # noqa: T201


if __name__ == "__main__":
    main()
