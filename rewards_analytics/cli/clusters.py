"""`--master` and `--scheduler`: the cluster on which the engine of a command computes."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from inspect import Parameter, signature
from typing import Annotated, Any, Final

import typer

from rewards_analytics.errors import RewardsError

_OPTIONS: Final = {
    "master": Annotated[
        str | None,
        typer.Option("--master", metavar="URL", help="Spark cluster for --engine pyspark, such as spark://host:7077."),
    ],
    "scheduler": Annotated[
        str | None,
        typer.Option("--scheduler", metavar="URL", help="Dask scheduler for --engine dask, such as tcp://host:8786."),
    ],
}
_OURS: Final = re.compile(r"rewards_analytics\.errors\.\w+: (.+?)(?:\n\s*\n|\n\s+at |\Z)", re.DOTALL)


def on_cluster(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command that has `--engine` the options of clusters, and compute on the chosen cluster."""

    @wraps(command)
    def run(*, engine: str | None, master: str | None, scheduler: str | None, **arguments: Any) -> None:
        if engine is None and (master or scheduler):
            raise typer.BadParameter(
                "--master needs --engine pyspark." if master else "--scheduler needs --engine dask."
            )
        with _computing(engine, master, scheduler):
            command(engine=engine, **arguments)

    own = signature(command, eval_str=True)
    options = [
        Parameter(name, Parameter.KEYWORD_ONLY, default=None, annotation=option) for name, option in _OPTIONS.items()
    ]
    offered = own.replace(parameters=[*own.parameters.values(), *options])
    run.__signature__ = offered  # type: ignore[attr-defined]
    run.__annotations__ = {name: parameter.annotation for name, parameter in offered.parameters.items()}
    return run


@contextmanager
def _computing(engine: str | None, master: str | None, scheduler: str | None) -> Iterator[None]:
    """Compute where the user chose; errors of an engine become ours, as a traceback helps no user."""
    if engine is None:
        yield
        return
    from rewards_analytics.loading.clusters import computing

    with computing(engine, master=master, scheduler=scheduler):
        try:
            yield
        except (RewardsError, OSError, typer.Exit, typer.Abort, typer.BadParameter):
            raise
        except Exception as error:  # each engine has errors of its own
            text = str(error).strip()
            found = _OURS.search(text)
            message = found[1] if found else f"{engine} failed: {_in_one_line(text)}"
            raise RewardsError(message) from error


def _in_one_line(text: str) -> str:
    """Shorten the text of an error to what failed and, where that is a traceback of Python or Java, to its cause."""
    first, *rest = text.splitlines() or [""]
    causes = [line for line in rest if line.startswith("Caused by: ")]
    if causes:
        return f"{first} {causes[-1]}"
    return f"{first} {rest[-1].strip()}" if first.endswith(":") and rest else first
