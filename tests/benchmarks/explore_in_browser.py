"""How long a click on the dashboard takes in a browser, and whether memory grows there.

Use: `python -m tests.benchmarks.explore_in_browser`. It needs Chromium, JupyterLab and playwright.

A JupyterLab of its own shows the dashboard of `rows` rewards of `rows / 20` users, and its buttons are clicked one
after another as a reader does. A click lasts from the event to the first change of what the click was about, in the
page itself, so that playwright takes no part in it; wanted is at most 120 ms at the 95th percentile. Memory is what the
page's JavaScript holds after a collection of garbage, the nodes of its document, and what the kernel holds, after 50
changes, half of them and all: they should stay where they are.
"""

from __future__ import annotations

import argparse
import random
import shutil
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from statistics import quantiles
from typing import Any

import psutil

from tests.benchmarks.analysis import make_rewards
from tests.browser import fronts, lab

WARM = 50
"""Changes before memory is first measured."""

KINDS = {
    "unit": ".toggle[data-with*=units]",
    "balance type": ".toggle[data-with*=balance_types]",
    "tab": "[role=tab][aria-selected=false]",
    "bar": "[data-marks] [data-do]",
    "bucket": ".pick[data-with*=bucket]",
    "user": ".pick[data-with*=users]",
    "sort": "[data-do=sort]",
    "show more": "[data-do=more]",
    "undo": "[data-do=undo]",
    "reset": "[data-do=reset]",
}

CLICK = """([selector, place]) => new Promise((resolve) => {
    const root = document.querySelector(".rewards-explore:has([data-live])");
    const all = root.querySelectorAll(selector);
    if (all.length === 0) return resolve(null);
    const own = "[role=tooltip], [data-live]"; // what the module itself writes, before there is an answer
    const isNew = ({ target }) => !(target.closest ? target : target.parentElement)?.closest(own);
    const seen = new MutationObserver((records) => {
        if (!records.some(isNew)) return;
        seen.disconnect();
        resolve(performance.now() - began);
    });
    const parts = { subtree: true, childList: true, characterData: true };
    const states = ["aria-pressed", "aria-selected", "aria-sort"];
    seen.observe(root, { ...parts, attributes: true, attributeFilter: states });
    const began = performance.now();
    all[Math.floor(place * all.length)].dispatchEvent(new MouseEvent("click", { bubbles: true }));
    setTimeout(() => (seen.disconnect(), resolve(null)), 10_000);
})"""


def measured(page: Any, number: int) -> tuple[dict[str, list[float]], list[tuple[int, float, int, float]]]:
    """Milliseconds of each click by kind, and the memory after the first changes, half of them and all."""
    rng = random.Random(6)
    taken: dict[str, list[float]] = defaultdict(list)
    memory = []
    session = page.context.new_cdp_session(page)
    done = 0
    while done < number:
        kind = rng.choice(list(KINDS))
        milliseconds = page.evaluate(CLICK, [KINDS[kind], rng.random()])
        if milliseconds is None:
            continue
        taken[kind].append(milliseconds)
        page.wait_for_timeout(20)
        done += 1
        if done in {min(WARM, number), number // 2, number}:
            memory.append((done, *held(session)))
    return taken, memory


def held(session: Any) -> tuple[float, int, float]:
    """MB that the page's JavaScript holds, nodes of its document, and MB that the kernel holds."""
    session.send("HeapProfiler.collectGarbage")
    session.send("Performance.enable")
    metrics = {each["name"]: each["value"] for each in session.send("Performance.getMetrics")["metrics"]}
    kernels = [each for each in psutil.Process().children(recursive=True) if "ipykernel_launcher" in each.cmdline()]
    kernel = max(each.memory_info().rss for each in kernels)
    return metrics["JSHeapUsedSize"] / 2**20, int(metrics["Nodes"]), kernel / 2**20


def report(taken: dict[str, list[float]], memory: list[tuple[int, float, int, float]]) -> Iterator[str]:
    """The table, line by line."""
    yield f"{'milliseconds of a click':26} {'clicks':>8} {'p50':>8} {'p95':>8} {'max':>8}"
    for kind, times in [*sorted(taken.items()), ("all", [*chain.from_iterable(taken.values())])]:
        cuts = quantiles([*times, *times], n=20, method="inclusive")
        yield f"{kind:26} {len(times):8} {cuts[9]:8.1f} {cuts[18]:8.1f} {max(times):8.1f}"
    yield ""
    for changes, heap, nodes, kernel in memory:
        yield f"after {changes:4} changes: tab {heap:6.1f} MB and {nodes:7,} nodes, kernel {kernel:6.0f} MB"


def main() -> None:
    """Make the data, open the page, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--changes", type=int, default=500)
    options = parser.parse_args()
    from playwright.sync_api import sync_playwright

    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    with tempfile.TemporaryDirectory() as name, sync_playwright() as started:
        folder = Path(name)
        (folder / "work").mkdir()
        make_rewards(options.rows, folder / "rewards.parquet")
        fronts.write_dashboard(folder / "work" / "explore.ipynb", folder / "rewards.parquet")
        browser = started.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-gpu"])
        with (
            lab.jupyterlab(folder, folder / "work") as server,
            fronts.jupyterlab(browser, server, "explore.ipynb") as page,
        ):
            for line in report(*measured(page, options.changes)):
                print(line)  # noqa: T201
        browser.close()


if __name__ == "__main__":
    main()
