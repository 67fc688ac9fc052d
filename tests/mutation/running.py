"""Runs tests on a mutant, in a process that is forked from one where the libraries are loaded already."""

from __future__ import annotations

import importlib.util
import multiprocessing
import os
import re
import resource
import shutil
import sys
from collections.abc import Collection, Sequence
from importlib.machinery import ModuleSpec, SourceFileLoader
from pathlib import Path
from types import CodeType
from typing import Any, Final, NamedTuple

SCRATCH: Final = Path("build/mutation")

NEVER_LOADED: Final = 100
"""The exit code where no test has imported the module."""

_OTHER_ENGINES: Final = {"lazy", "categorical", "pandas", "pyarrow", "duckdb", "dask", "pyspark", "spark"}
_LONGEST_WAIT_S: Final = 900
"""For a mutant that waits for something and computes nothing."""

_MOST_BYTES: Final = 6 << 30

_forks = multiprocessing.get_context("forkserver")


class Run(NamedTuple):
    """How tests ended: pytest's exit code, below 0 if the process was killed; the processor time, and what was said."""

    code: int
    seconds: float
    output: str


def start() -> None:
    """Load the libraries in the process that all others are forked from."""
    os.environ |= {"OMP_NUM_THREADS": "1", "POLARS_MAX_THREADS": "1", "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    os.environ["PYTHONHASHSEED"] = "0"  # the same order of sets in each run
    _forks.set_forkserver_preload(["tests.mutation.preloaded"])


def run(
    module: Path, source: str, tests: Sequence[str], *, engines: Collection[str] = (), worker: int, limit_s: int
) -> Run:
    """Run tests with `source` as the text of a module, for at most `limit_s` seconds of processor time.

    Tests of `engines` run besides those of Polars.
    """
    scratch = SCRATCH / f"worker-{worker}"
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir(parents=True)
    receiver, sender = _forks.Pipe(duplex=False)
    process = _forks.Process(target=_test, args=(module, source, tests, engines, scratch.resolve(), limit_s, sender))
    process.start()
    sender.close()
    process.join(_LONGEST_WAIT_S)
    if process.exitcode is None:
        process.kill()
        process.join()
    try:
        seconds = receiver.recv() if receiver.poll() else limit_s
    except EOFError:  # it was killed
        seconds = limit_s
    return Run(process.exitcode or 0, seconds, (scratch / "output").read_text(encoding="utf-8", errors="replace"))


def _test(
    module: Path,
    source: str,
    tests: Sequence[str],
    engines: Collection[str],
    scratch: Path,
    limit_s: int,
    sender: Any,
) -> None:
    resource.setrlimit(resource.RLIMIT_CPU, (limit_s, limit_s))
    resource.setrlimit(resource.RLIMIT_DATA, (_MOST_BYTES, _MOST_BYTES))
    os.environ["TMPDIR"] = str(scratch)
    output = os.open(scratch / "output", os.O_WRONLY | os.O_CREAT)
    os.dup2(output, 1)
    os.dup2(output, 2)
    sys.dont_write_bytecode = False
    import pytest

    options = ("-x", "-q", "--tb=short", "-o", "addopts=", "--import-mode=importlib", "--doctest-modules")
    plugins = ("-p", "no:cacheprovider", "-p", "_hypothesis_pytestplugin", f"--basetemp={scratch / 'pytest'}")
    mutated = _Mutated(module, source)
    code = int(
        pytest.main(
            [*options, *plugins, *tests, str(module)], plugins=[_Selection(mutated, _OTHER_ENGINES - {*engines})]
        )
    )
    used = resource.getrusage(resource.RUSAGE_SELF)
    sender.send(used.ru_utime + used.ru_stime)
    sys.stdout.flush()
    # At once: neither threads nor what a mutant left open keep it from ending.
    os._exit(code if mutated.was_loaded else NEVER_LOADED)


class _Mutated(SourceFileLoader):
    """Finds and loads one module from a text; nothing is written to the tree."""

    def __init__(self, module: Path, source: str) -> None:
        super().__init__(".".join(module.with_suffix("").parts), str(module.resolve()))
        self.was_loaded = False
        self._source = source

    def find_spec(self, name: str, _path: Any = None, _target: Any = None) -> ModuleSpec | None:
        return importlib.util.spec_from_file_location(name, self.path, loader=self) if name == self.name else None

    def get_code(self, _fullname: str) -> CodeType:
        self.was_loaded = True
        return compile(self._source, self.path, "exec", dont_inherit=True)


class _Selection:
    """Leaves out what needs another engine than Polars, and tries drawn examples after literal ones."""

    def __init__(self, mutated: _Mutated, engines: Collection[str]) -> None:
        self._mutated, self._engines = mutated, engines
        sys.meta_path.insert(0, mutated)

    def pytest_collection_modifyitems(self, config: Any, items: list[Any]) -> None:
        others = [item for item in items if _needs_any_of(self._engines, item)]
        kept = [item for item in items if item not in others]
        items[:] = sorted(kept, key=lambda item: hasattr(item.obj, "hypothesis"))
        config.hook.pytest_deselected(items=others)

    def pytest_sessionstart(self) -> None:
        """Stand before pytest's own finder again, and take the first example that fails: nobody reads a smaller one."""
        import hypothesis

        sys.meta_path.insert(0, self._mutated)
        phases = (hypothesis.Phase.explicit, hypothesis.Phase.generate)
        hypothesis.settings.register_profile("mutation", hypothesis.settings.get_profile("gate"), phases=phases)
        hypothesis.settings.load_profile("mutation")


def _needs_any_of(engines: Collection[str], item: Any) -> bool:
    """Whether the name of a test or of its parameters has one of these engines, or it uses Spark's session."""
    words = set(re.split("[^a-z]", item.name))
    return "spark" in getattr(item, "fixturenames", ()) or not words.isdisjoint(engines)
