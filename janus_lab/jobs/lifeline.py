"""Processes that end when they are told to, and with the one that started them, however that one ended."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from queue import SimpleQueue

_PR_SET_PDEATHSIG = 1
_WATCH_SECONDS = 1.0


def told_to_stop() -> threading.Event:
    """An event that SIGTERM and SIGINT set, however many of them come and however soon after one another. For a main thread."""
    told = threading.Event()
    signals: SimpleQueue[int] = SimpleQueue()

    def wait() -> None:
        signals.get()
        told.set()

    # A handler interrupts another one. Inside `Event.set` that would wait for ever for the lock that the first one holds.
    threading.Thread(target=wait, name="told-to-stop", daemon=True).start()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda came, _frame: signals.put(came))
    return told


def on_parent_death(number: signal.Signals) -> Callable[[], None] | None:
    """What a child calls between fork and exec to get a signal when its parent dies; None where the system has no such thing."""
    if sys.platform != "linux":
        return None
    # Loaded now: between fork and exec nothing may be imported or locked.
    libc = ctypes.CDLL(None)
    return lambda: libc.prctl(_PR_SET_PDEATHSIG, int(number))


def watch_parent(parent_pid: int, orphaned: Callable[[], None]) -> None:
    """Call `orphaned` from a thread once the parent is no longer `parent_pid`: for systems that send no signal for it."""

    def watch() -> None:
        while os.getppid() == parent_pid:
            time.sleep(_WATCH_SECONDS)
        orphaned()

    threading.Thread(target=watch, name="watch-parent", daemon=True).start()


def exit_after(seconds: float) -> None:
    """End this process in so many seconds, even if a thread of it never gives way."""
    timer = threading.Timer(seconds, os._exit, args=(1,))
    timer.daemon = True
    timer.start()
