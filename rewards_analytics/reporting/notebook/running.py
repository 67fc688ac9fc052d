"""Runs a notebook with parameters, in this Python, with a limit on every wait."""

from __future__ import annotations

import asyncio
import copy
import subprocess
import warnings
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import nbformat
import zmq
from ipykernel.kernelspec import get_kernel_dict
from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from papermill.iorw import load_notebook_node
from papermill.parameterize import parameterize_notebook
from papermill.translators import PythonTranslator
from traitlets import default

from rewards_analytics.errors import ArgumentError, NotebookError, RewardsWarning
from rewards_analytics.reporting.notebook import reading

CELL_TIMEOUT_S: Final = 600
"""Seconds that one cell may take, so that a cell that hangs fails."""

START_TIMEOUT_S: Final = 60

_PYTHON: Final = {"kernel_name": "python3", "language": "python"}
_INJECTED: Final = "injected-parameters"


class ThisPython(AsyncKernelManager):  # type: ignore[misc]
    """Starts the kernel in the running Python, whatever kernel the notebook's metadata names."""

    @default("transport_encryption")  # type: ignore[untyped-decorator]
    def _encrypt_where_possible(self) -> str:
        """Encrypt the kernel's messages, which hold rewards, against other users of this machine."""
        return "auto" if zmq.has("curve") else "disabled"

    @property
    def kernel_spec(self) -> KernelSpec:
        """How to start IPython's kernel here."""
        return KernelSpec(**get_kernel_dict())


def read(path: Path) -> nbformat.NotebookNode:
    """Read a notebook's file, with the metadata that papermill needs."""
    reading.read(path)
    return load_notebook_node(str(path))


def known_parameters(node: nbformat.NotebookNode) -> list[str]:
    """Return the names that the cell tagged `parameters` assigns, in their order."""
    cells = [cell for cell in node.cells if "parameters" in cell.metadata.get("tags", [])]
    return [parameter.name for cell in cells[:1] for parameter in PythonTranslator.inspect(cell)]


def executed(node: nbformat.NotebookNode, parameters: Mapping[str, Any], path: Path) -> nbformat.NotebookNode:
    """Return a copy of the notebook, run with these parameters."""
    known = known_parameters(node)
    for name in parameters:
        if name not in known:
            raise ArgumentError.unknown_parameter(name, known, path.name)
    node = copy.deepcopy(node)
    # Cells that an earlier run injected are removed, so that cell numbers stay the same.
    node.cells = [cell for cell in node.cells if _INJECTED not in cell.metadata.get("tags", [])]
    node.metadata.pop("widgets", None)
    if parameters:
        node = parameterize_notebook(node, dict(parameters), **_PYTHON)
    _run(node, path)
    _pass_on_warnings(node, path)
    return node


def _run(node: nbformat.NotebookNode, path: Path) -> None:
    running: list[Any] = []
    client: NotebookClient = NotebookClient(
        node,
        kernel_manager_class=ThisPython,
        kernel_name="python3",
        timeout=CELL_TIMEOUT_S,
        startup_timeout=START_TIMEOUT_S,
        shutdown_kernel="immediate",
        resources={"metadata": {"path": str(path.parent)}},
        # The kernel has read its keys by now; a kill would leave them.
        on_notebook_start=lambda notebook: Path(client.km.connection_file).unlink(missing_ok=True),  # noqa: ARG005
        on_cell_execute=lambda cell, cell_index: running.append(cell),  # noqa: ARG005
    )
    try:
        _execute(client)
    except CellExecutionError as error:
        raise _failed(node, path, running, f"{error.ename}: {error.evalue}".strip(": ")) from None
    except CellTimeoutError:
        raise _failed(node, path, running, f"no answer within {CELL_TIMEOUT_S} seconds") from None
    except DeadKernelError:
        raise _failed(node, path, running, "the death of its Python process") from None
    except RuntimeError as error:
        raise NotebookError.cannot_start(path, str(error)) from error


def _execute(client: NotebookClient) -> None:
    """Run to the end, or until the user interrupts.

    In a thread, because in the main one nbclient handles Ctrl-C itself and prints a traceback.
    """
    loop = asyncio.new_event_loop()
    execution = loop.create_task(_executing(client))
    with ThreadPoolExecutor(1) as thread:
        run = thread.submit(_to_its_end, loop, execution)
        try:
            run.result()
        except BaseException:
            with suppress(RuntimeError):  # the loop is closed: the notebook has ended, and not because of an interrupt
                loop.call_soon_threadsafe(execution.cancel)
            raise


def _to_its_end(loop: asyncio.AbstractEventLoop, execution: asyncio.Task[None]) -> None:
    with asyncio.Runner(loop_factory=lambda: loop) as runner:
        runner.run(asyncio.wait_for(execution, None))


async def _executing(client: NotebookClient) -> None:
    """Run the cells. What they print arrives as messages; the kernel's own output is only about its shutdown."""
    try:
        await client.async_execute(stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    finally:
        # nbclient forgets a kernel if it is interrupted while the kernel starts.
        if client.km is not None and client.km.has_kernel:
            await client.km.shutdown_kernel(now=True)


def _failed(node: nbformat.NotebookNode, path: Path, running: list[Any], what: str) -> NotebookError:
    cell = running[-1] if running else None
    return NotebookError.in_cell(path, _number(node, cell), cell.source if cell else "", what)


def _number(node: nbformat.NotebookNode, cell: Any) -> int:
    """Return a cell's number among the notebook's own code cells, from 1; 0 if unknown."""
    own = [each for each in node.cells if each.cell_type == "code" and _INJECTED not in each.metadata.get("tags", [])]
    return next((number for number, each in enumerate(own, 1) if each is cell), 0)


def _pass_on_warnings(node: nbformat.NotebookNode, path: Path) -> None:
    for cell in node.cells:
        for output in cell.get("outputs", []):
            if output.output_type == "stream" and output.name == "stderr":
                said = " ".join(output.text.split())
                warnings.warn(f"{path.name}, code cell {_number(node, cell)}: {said}", RewardsWarning, stacklevel=4)
