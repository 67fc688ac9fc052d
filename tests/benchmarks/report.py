"""What a report costs: `python -m tests.benchmarks.report [--rows 1000000] [--batch 500]` from the root of the project.

From the same Parquet file, each route in a process of its own that begins before the package is imported:

- `analysis`: load, and the five analyses of a report (totals, expiring, aging, distance, quality), bare;
- `report`: load, and `ra.report` with rates;
- `pdf`: the same with its PDF, where there is a browser;
- `notebook`: load in a kernel, which starts for it, and the product report's notebook with rates;
- `batch`: a report for each of 500 users, compared with the time of one.

A table of ratios to the bare analysis is printed, in time and in time of the processor (with that of the browser and
of the kernel), the peak memory of the largest process, and the size of the page. A page must be below 1 MB, and a
report take at most twice the processor's time of the bare analysis: that holds on a machine which others use too.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
import time
from datetime import date
from pathlib import Path

from tests.benchmarks.analysis import apart, make_rewards

NOTEBOOK = Path(__file__).parents[2] / "notebooks" / "product_report.ipynb"
AS_OF = date(2026, 11, 23)
RATES = {"MILES": "0.0125", "POINTS": "0.008"}
MOST_BYTES = 1_000_000
MOST_TIMES = 2.0

RUN = """
import json, sys, time
began = time.perf_counter()
from tests.benchmarks import report
path, out = sys.argv[2:]
report.ROUTES[sys.argv[1]](path, out)
seconds = time.perf_counter() - began
import os, resource
peak = max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
print(json.dumps({"seconds": seconds, "cpu": sum(os.times()[:4]), "peak_mb": peak / 1024}))
"""


def analysis(path: str, out: str) -> None:
    """The numbers of a report without the report."""
    import rewards_analytics as ra

    rewards = ra.load(path)
    results = [ra.totals(rewards), ra.distance(rewards), ra.value(rewards, RATES)]
    results += [dated(rewards, as_of=AS_OF) for dated in (ra.expiring, ra.aging, ra.quality)]
    if not all(len(result) for result in results):
        raise SystemExit("An analysis is empty.")


def direct(path: str, out: str) -> None:
    """The report as a page."""
    import rewards_analytics as ra

    ra.report(ra.load(path), out, as_of=AS_OF, rates=RATES)


def pdf(path: str, out: str) -> None:
    """The report as a page and on paper."""
    import rewards_analytics as ra
    from rewards_analytics.reporting.report import report_with_pdf

    report_with_pdf(ra.load(path), out, as_of=AS_OF, rates=RATES)


def notebook(path: str, out: str) -> None:
    """The report from the notebook that a team can adapt."""
    import rewards_analytics as ra

    ra.notebook_report(NOTEBOOK, out, parameters={"source": path, "as_of": AS_OF.isoformat(), "rates": RATES})


ROUTES = {"analysis": analysis, "report": direct, "pdf": pdf, "notebook": notebook}


def batch(path: Path, folder: Path, users: int) -> None:
    """Reports for some users: every one must be there, and the page must lead to each."""
    import rewards_analytics as ra

    rewards = ra.load(path)
    first = rewards["user_guid"].unique().sort().head(users)
    began = time.perf_counter()
    made = ra.reports(rewards.filter(rewards["user_guid"].is_in(first.implode())), folder, by="user_guid", as_of=AS_OF)
    seconds = time.perf_counter() - began
    linked = sum(f'href="{file.name}"' in made.index.read_text(encoding="utf-8") for _, file in made.written)
    if made.failures or linked < len(first):
        raise SystemExit(f"Of {len(first)} reports {linked} are linked, and {len(made.failures)} could not be made.")
    _say(f"{len(first):,} reports of a batch in {seconds:.0f} s: {seconds / len(first):.2f} s each")


def measured(route: str, path: Path, out: Path) -> dict[str, float]:
    """Seconds, of the clock and of the processor, and peak megabytes of one route, and the bytes of the page."""
    command = [sys.executable, "-W", "ignore", "-c", RUN, route, str(path), str(out)]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    if run.returncode:
        raise SystemExit(f"{route} failed:\n{run.stderr[-2000:]}")
    result: dict[str, float] = json.loads(run.stdout.splitlines()[-1])
    return result | {"bytes": out.stat().st_size if out.exists() else 0}


def main() -> None:
    """Make the rewards, run every route in turn, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--batch", type=int, default=500)
    arguments = parser.parse_args()
    routes = [route for route in ROUTES if route != "pdf" or shutil.which("chromium") or shutil.which("google-chrome")]
    best: dict[str, dict[str, float]] = {}
    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch, "rewards.parquet")
        apart(make_rewards, arguments.rows, path)
        for _ in range(arguments.repeats):
            for route in routes:  # in turn, so that what else the machine does meets all alike
                run = measured(route, path, Path(scratch, f"{route}.html"))
                best[route] = min(run, best.get(route, run), key=lambda each: each["seconds"])
        apart(batch, path, Path(scratch, "batch"), arguments.batch)
    rewards = f"{arguments.rows:,} rewards"
    _say(f"{rewards:24}{'time':>8}{'processor':>12}{'peak MB':>10}{'page kB':>10}")
    bare = best["analysis"]
    for route, run in best.items():
        ratios = f"{run['seconds'] / bare['seconds']:8.2f}{run['cpu'] / bare['cpu']:12.2f}"
        _say(f"{route:24}{ratios}{run['peak_mb']:10.0f}{run['bytes'] / 1000:10.0f}")
    if best["report"]["bytes"] > MOST_BYTES or best["report"]["cpu"] > MOST_TIMES * bare["cpu"]:
        raise SystemExit(f"A page is to be below {MOST_BYTES:,} bytes, and made in {MOST_TIMES} times the analysis.")


def _say(words: str) -> None:
    print(words, flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
