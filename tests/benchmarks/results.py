"""Results of the benchmarks: how they are stored, shown as a table and a picture, and compared with others."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from statistics import median
from typing import Any, Final

README: Final = Path(__file__).parents[2] / "README.md"
SHOWN: Final = README.parent / ".github" / "benchmarks" / "10M.json"
"""The results that README shows."""

SIZES: Final = {"1M": 1_000_000, "10M": 10_000_000, "100M": 100_000_000}
BY_USER, ANY_ORDER = "user by user", "in any order"
LIBRARIES: Final = ("polars", "duckdb", "pandas", "pyarrow", "pyspark", "dask", "narwhals")

TABLE: Final = ("ours on polars", "Polars", "ours on duckdb", "DuckDB SQL", "ours on pyspark", "Spark SQL", "pandas")
"""The columns of the table in README."""

THRESHOLD: Final = 0.25


def machine() -> dict[str, Any]:
    """The machine of this run, and the versions of what is measured."""
    cpu = platform.processor() or platform.machine()
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        cpu = next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), cpu)
    except OSError:
        pass
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {
        "cpu": cpu,
        "cores": os.cpu_count(),
        "memory_gb": round(memory / 2**30),
        "system": platform.system(),
        "python": platform.python_version(),
        "libraries": {name: version(name) for name in LIBRARIES},
    }


def name_of(size: int) -> str:
    """`1M` for a million."""
    return next((name for name, count in SIZES.items() if count == size), f"{size:,}")


def store(results: dict[str, Any], folder: Path) -> Path:
    """Write results as JSON, and their picture."""
    folder.mkdir(parents=True, exist_ok=True)
    suffix = "" if results["order"] == BY_USER else "-any-order"
    path = folder / f"{name_of(results['rewards'])}{suffix}.json"
    path.write_text(_lines(results), encoding="utf-8")
    picture(results, path.with_suffix(".svg"))
    return path


def _lines(results: dict[str, Any]) -> str:
    """JSON with a line for each question of each peer, so that a change shows as lines."""
    head = {name: value for name, value in results.items() if name != "runs"}
    peers = [
        f"    {json.dumps(peer)}: {{\n"
        + ",\n".join(f"      {json.dumps(question)}: {json.dumps(cost)}" for question, cost in runs.items())
        + "\n    }"
        for peer, runs in results["runs"].items()
    ]
    return json.dumps(head, indent=2)[:-2] + ',\n  "runs": {\n' + ",\n".join(peers) + "\n  }\n}\n"


def read(path: Path) -> dict[str, Any]:
    """Stored results."""
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


# --- The table --------------------------------------------------------------------------------------


def table(results: dict[str, Any]) -> str:
    """A Markdown table: median seconds and peak memory of each question, and the machine."""
    runs = {peer: results["runs"][peer] for peer in TABLE if peer in results["runs"]}
    questions = [*next(iter(runs.values()))]
    lines = [f"| {_number(results['rewards'])} rewards | {' | '.join(runs)} |", "| --- " + "| ---: " * len(runs) + "|"]
    for question in questions:
        cells = [f"{_seconds(runs[peer][question])} s, {_memory(runs[peer][question])}" for peer in runs]
        lines.append(f"| `{question}` | {' | '.join(cells)} |")
    return "\n".join([*lines, "", described(results)])


def described(results: dict[str, Any]) -> str:
    """The machine and the versions, in a sentence."""
    on, repeats = results["machine"], results["repeats"]
    libraries = ", ".join(f"{name} {number}" for name, number in on["libraries"].items())
    return (
        f"{'One run' if repeats == 1 else f'Median of {repeats} runs'} and peak memory (Spark and Dask: one run of all "
        f"questions), on {on['cores']} cores of {on['cpu']} with {on['memory_gb']} GB: {on['system']}, Python "
        f"{on['python']}, {libraries}."
    )


def with_table(readme: str, results: dict[str, Any]) -> str:
    """README with the table between its two marks."""
    before, mark, rest = readme.partition("<!-- benchmarks:")
    end = rest.index("<!-- /benchmarks -->")
    return f"{before}{mark}{rest[: rest.index('-->')]}-->\n\n{table(results)}\n\n{rest[end:]}"


def _number(count: int) -> str:
    return f"{count:,}"


def _seconds(cost: dict[str, list[float]]) -> str:
    found = median(cost["seconds"])
    return f"{found:.2f}" if found < 10 else f"{found:.0f}"


def _memory(cost: dict[str, list[float]]) -> str:
    return f"{median(cost['peak_mb']) / 1000:.1f} GB"


# --- The picture ------------------------------------------------------------------------------------

_COLOURS: Final = {
    "polars": "#0b6e99", "duckdb": "#c77800", "dask": "#7a3e9d", "pyspark": "#b3262e", "pandas": "#4d4d4d",
    "pyarrow": "#2b8a3e",
}  # fmt: skip
_ENGINE_OF: Final = {"Polars": "polars", "DuckDB SQL": "duckdb", "Spark SQL": "pyspark", "pandas": "pandas"}


def picture(results: dict[str, Any], path: Path) -> None:
    """Draw the seconds of every peer at every question, on a logarithmic scale, with their ranges."""
    import matplotlib as mpl
    from matplotlib.figure import Figure

    runs = results["runs"]
    questions = [*next(iter(runs.values()))]
    with mpl.rc_context({"svg.hashsalt": "benchmarks", "svg.fonttype": "none", "font.size": 9}):
        figure = Figure(figsize=(8, 0.55 * len(questions) + 1.6), layout="constrained")
        ax = figure.subplots()
        for place, (peer, costs) in enumerate(runs.items()):
            is_ours = peer.startswith("ours on ")
            colour = _COLOURS[peer.removeprefix("ours on ") if is_ours else _ENGINE_OF[peer]]
            at = [number + 0.7 * (place / len(runs) - 0.45) for number in range(len(questions))]
            seconds = [costs[question]["seconds"] for question in questions]
            ax.hlines(at, [min(each) for each in seconds], [max(each) for each in seconds], color=colour, linewidth=1)
            face = colour if is_ours else "white"
            middle = [median(each) for each in seconds]
            ax.plot(middle, at, "o" if is_ours else "s", color=colour, markerfacecolor=face, markersize=5, label=peer)
        ax.set_xscale("log")
        ax.set_yticks(range(len(questions)), questions)
        ax.invert_yaxis()
        ax.grid(axis="x", which="both", color="#dddddd", linewidth=0.5)
        ax.set_axisbelow(True)
        ax.spines[["top", "right"]].set_visible(False)
        ax.set_xlabel(f"Seconds for {_number(results['rewards'])} rewards of Parquet: median and range, less is better")
        figure.legend(loc="outside upper center", ncols=5, frameon=False)
        figure.savefig(path, format="svg", metadata={"Date": None, "Creator": None})


# --- The comparison ---------------------------------------------------------------------------------


def ratios(results: dict[str, Any]) -> dict[str, list[float]]:
    """Our seconds over those of the query written by hand for the same engine, run by run, by peer and question."""
    from tests.benchmarks.peers import HAND_WRITTEN

    runs, found = results["runs"], {}
    for engine, hand in HAND_WRITTEN.items():
        ours, theirs = runs.get(f"ours on {engine}", {}), runs.get(hand, {})
        for question in ours.keys() & theirs.keys():
            pairs = zip(ours[question]["seconds"], theirs[question]["seconds"], strict=False)
            found[f"ours on {engine}, {question}"] = [our / their for our, their in pairs]
    return found


def slower(now: dict[str, Any], before: dict[str, Any], threshold: float = THRESHOLD) -> Iterator[str]:
    """What became slower than in stored results: in every run, by more than the threshold over every stored run.

    Seconds of two machines, or of two hours, differ; so ratios to the hand-written query of the same run are compared.
    """
    stored = ratios(before)
    for name, found in sorted(ratios(now).items()):
        if name in stored and min(found) > max(stored[name]) * (1 + threshold):
            yield (
                f"{name}: {median(found):.2f} times the hand-written query, before {median(stored[name]):.2f} "
                f"(range {min(stored[name]):.2f} to {max(stored[name]):.2f})"
            )
