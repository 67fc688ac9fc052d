"""The same rewards, as-of date, title, rates and version give the same bytes, wherever and however they come."""

import os
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pytest

import rewards_analytics as ra
from tests import frames
from tests.reporting.pages import AS_OF, REWARDS

RATES = {"MILES": "0.0125", "POINTS": "1"}
PROGRAM = """
import sys, datetime as dt, rewards_analytics as ra
ra.report(ra.load(sys.argv[1]), sys.argv[2], as_of=dt.date(2026, 11, 23), rates={"POINTS": "1", "MILES": "0.0125"})
"""


@pytest.fixture(scope="module")
def expected(tmp_path_factory):
    path = tmp_path_factory.mktemp("report") / "r.html"
    return ra.report(REWARDS, path, as_of=AS_OF, rates=RATES).read_bytes()


# Dask and PySpark take half a minute to plan twenty queries: what a report asks of them is in test_engines.py.
@pytest.mark.parametrize("kind", ["polars_lazy", "polars_categorical", "pandas", "pandas_plain", "pyarrow", "duckdb"])
def test_every_kind_of_frame_gives_the_same_report(kind, expected, tmp_path):
    rewards = frames.ENGINES[kind](REWARDS.to_arrow().cast(frames.SCHEMA))

    assert ra.report(rewards, tmp_path / "r.html", as_of=AS_OF, rates=RATES).read_bytes() == expected


def test_the_order_of_the_rows_does_not_matter(expected, tmp_path):
    shuffled = REWARDS.sample(fraction=1, shuffle=True, seed=1)

    assert ra.report(shuffled, tmp_path / "r.html", as_of=AS_OF, rates=RATES).read_bytes() == expected


def test_the_process_the_file_and_its_name_do_not_matter(expected, tmp_path):
    source = ra.write(REWARDS, tmp_path / "other name.ndjson.gz")
    command = [sys.executable, "-W", "ignore", "-c", PROGRAM, str(source), "r.html"]

    subprocess.run(command, check=True, cwd=tmp_path, env=dict(os.environ, PYTHONHASHSEED="1", TZ="Asia/Tokyo"))

    assert Path(tmp_path, "r.html").read_bytes() == expected


def test_another_amount_or_day_or_rate_is_another_report(expected, tmp_path):
    more = pa.concat_tables([REWARDS.to_arrow().cast(frames.SCHEMA), frames.table([frames.total("STARS", "1")])])
    others = [
        ra.report(frames.polars_frame(more), tmp_path / "1.html", as_of=AS_OF, rates=RATES),
        ra.report(REWARDS, tmp_path / "2.html", as_of=AS_OF.replace(day=24), rates=RATES),
        ra.report(REWARDS, tmp_path / "3.html", as_of=AS_OF, rates=RATES | {"MILES": "0.0126"}),
    ]

    assert len({expected, *(path.read_bytes() for path in others)}) == 4
