"""Ends the command on Ctrl-C, SIGTERM and SIGHUP, whatever it is doing: it cleans up first, and shows no traceback.

A signal raises an exception in the main thread, so that each `with` block cleans up. A second thread is notified at
once. It wakes a main thread that sleeps in a system call, and ends the process if the main thread does not end, as in a
long computation of another library.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from typing import Final

GRACE_S: Final = {signal.SIGINT: 5.0}
"""Seconds for the main thread to end after a signal."""

OTHER_GRACE_S: Final = 1.2
WAKE_AFTER_S: Final = 0.2

_SIGNALS: Final = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]

_raised = threading.Event()
_received: list[int] = []


def end_on_signals() -> None:
    """Handle the signals from now on, except those that the caller ignores, as `nohup` does."""
    if threading.current_thread() is not threading.main_thread() or signal.getsignal(signal.SIGTERM) is _end:
        return
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
    for number in _SIGNALS:
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _end)
    threading.Thread(target=_watch, args=(reader,), name="signals", daemon=True).start()


def status_of_signal() -> int | None:
    """Exit status if a signal was received."""
    return 128 + _received[0] if _received else None


def _end(number: int, _frame: object) -> None:
    if _received:
        return  # a second Ctrl-C must not interrupt the clean-up
    _received.append(number)
    _raised.set()
    # An exception that a signal raises in a callback of another library would be printed.
    sys.unraisablehook = lambda _: None
    threading.excepthook = lambda _: None
    raise KeyboardInterrupt if number == signal.SIGINT else SystemExit(128 + number)


def _watch(reader: int) -> None:
    number = 0
    while number not in _SIGNALS:
        number = int.from_bytes(os.read(reader, 1), "big")
    if not _raised.wait(WAKE_AFTER_S) and hasattr(signal, "pthread_kill"):
        # Polars restarts the system calls that Ctrl-C interrupts.
        signal.siginterrupt(number, True)
        signal.pthread_kill(threading.main_thread().ident or 0, number)
    time.sleep(GRACE_S.get(signal.Signals(number), OTHER_GRACE_S))
    if "rewards_analytics.files" in sys.modules:  # else nothing was written; not imported sooner, to start early
        from rewards_analytics.files import remove_temporary

        remove_temporary()
    os._exit(128 + number)
