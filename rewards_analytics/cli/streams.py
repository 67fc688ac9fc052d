"""Standard output and standard error: whatever is written to them as text is safe for a terminal.

This also covers what others write: Typer's usage errors, which quote arguments, and warnings of other libraries.
"""

from __future__ import annotations

import io
import os
import sys

from rewards_analytics.terminal import printable_lines


class PrintableStream(io.TextIOWrapper):
    """A text stream that writes invisible characters as their escapes. What is written to its `buffer` stays as it is.

    A carriage return may begin what is written: progress bars do so to draw over themselves.
    """

    def __init__(self, stream: io.TextIOWrapper, errors: str) -> None:
        super().__init__(
            stream.buffer,
            encoding=stream.encoding,
            errors=errors,
            line_buffering=stream.line_buffering,
            write_through=stream.write_through,
        )
        self._replaced = stream  # which would close the buffer when nothing refers to it

    def write(self, text: str) -> int:
        """Write a text, and return its length."""
        start = "\r" if text.startswith("\r") else ""
        super().write(start + printable_lines(text[len(start) :]))
        return len(text)


def prepare_streams() -> None:
    """Make all output safe and encodable, and keep the file descriptor of a closed stream from being reused."""
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        stream = getattr(sys, name)
        if stream is None:
            # Opened the wrong way round: what is written to a closed standard output fails, as it should.
            handle = os.open(os.devnull, os.O_WRONLY if name != "stdout" else os.O_RDONLY)
            if handle != number:
                os.dup2(handle, number)
                os.close(handle)
            if name != "stdin":
                setattr(sys, name, open(number, "w", encoding="utf-8", closefd=False))  # noqa: SIM115
        elif name != "stdin" and isinstance(stream, io.TextIOWrapper):
            errors = "replace" if name == "stdout" else "backslashreplace"
            setattr(sys, name, PrintableStream(stream, errors))


def flush() -> None:
    """Discard what a stream cannot take, which Python would report again at its end."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError):
            handle = os.open(os.devnull, os.O_WRONLY)
            os.dup2(handle, stream.fileno())
            os.close(handle)
