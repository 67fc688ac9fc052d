"""Child processes that end with the process that started them, even if that is killed.

A child is started by this file, run as a script, which waits for it and for the end of standard input: a pipe that its
parent holds open. The system closes the pipe however the parent ends; then the script kills the child with all of its
own children, and removes the folder that the child works in.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Event, Thread
from typing import IO, Final

END_TIMEOUT_S: Final = 10.0
"""Seconds after which a child that is not gone is no longer waited for."""


@contextmanager
def child(
    command: Sequence[str], folder: Path, output: IO[bytes], environment: Mapping[str, str] | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a command in a folder for the duration of a `with` block; its output goes to a file.

    The folder is removed if this process is killed. Ctrl-C in the terminal does not reach the command.
    """
    process = subprocess.Popen(  # noqa: S603 - a list, no shell
        [sys.executable, "-I", __file__, str(folder), *command],
        cwd=folder,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=output,
        stderr=output,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        try:
            # Any byte: only the end of input without one, after a kill of this process, removes the folder.
            process.communicate(b".", END_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _run(folder: str, *command: str) -> None:
    try:
        started = subprocess.Popen(command, stdin=subprocess.DEVNULL)  # noqa: S603
    except OSError as error:
        sys.stderr.write(f"{error.strerror}\n")
        sys.stderr.flush()
        os._exit(127)
    is_ending = Event()
    ending = Thread(target=_end_with_parent, args=(started, folder, is_ending), daemon=True)
    ending.start()
    status = started.wait()
    if is_ending.is_set():
        ending.join()  # it has killed the child, and has still to remove the folder
    os._exit(status if status >= 0 else 128 - status)


def _end_with_parent(started: subprocess.Popen[bytes], folder: str, is_ending: Event) -> None:
    has_message = os.read(0, 1)
    is_ending.set()
    for pid in [*_descendants(started.pid), started.pid]:
        with suppress(OSError):
            os.kill(pid, signal.SIGKILL if os.name == "posix" else signal.SIGTERM)
    if not has_message:
        shutil.rmtree(folder, ignore_errors=True)
    os._exit(1)


def _descendants(pid: int) -> list[int]:
    """The children of a process and theirs, which may have sessions of their own; none where there is no /proc."""
    found: list[int] = []
    for children in Path(f"/proc/{pid}/task").glob("*/children"):
        with suppress(OSError):
            for each in map(int, children.read_text().split()):
                found += [each, *_descendants(each)]
    return found


if __name__ == "__main__":
    _run(*sys.argv[1:])
