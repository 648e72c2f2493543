"""One thread that reads boards (or whatever else is shown live), for any number of displays of one lab."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Generic, Protocol, TypeVar

Shown = TypeVar("Shown")
Shown_contra = TypeVar("Shown_contra", contravariant=True)

ENDING_SECONDS = 5.0


class Display(Protocol[Shown_contra]):
    """A live display of a board, or of whatever else its feed reads."""

    def wanted(self) -> tuple[str | None, float] | None:
        """Which board (a machine; None: this one) and how many seconds may lie between two; None while nobody looks."""
        ...

    def show(self, board: Shown_contra, /) -> None:
        """Here is the next one."""
        ...

    def ended(self) -> None:
        """No more come."""
        ...


class Feed(Generic[Shown]):
    """Reads what is shown (by its key: a machine's board) once for all displays that are due, and rests when nobody looks at any."""

    def __init__(self, read: Callable[[str | None], Shown]) -> None:
        self._read = read
        self._displays: dict[Display[Shown], float] = {}
        self._lock = threading.Lock()
        self._stir = threading.Event()
        self._thread: threading.Thread | None = None
        self._closed = False

    def add(self, display: Display[Shown]) -> None:
        """From now on this display is shown boards, whenever it wants them."""
        with self._lock:
            self._displays.setdefault(display, float("-inf"))

    def remove(self, display: Display[Shown]) -> None:
        """No more boards for this one."""
        with self._lock:
            found = self._displays.pop(display, None)
        if found is not None:
            display.ended()

    def displays(self) -> list[Display[Shown]]:
        """All that were added and not removed."""
        with self._lock:
            return list(self._displays)

    def wake(self) -> None:
        """Somebody looks again, or wants another machine or pace."""
        with self._lock:
            if self._closed:
                return
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="janus-board-feed", daemon=True)
                self._thread.start()
        self._stir.set()

    def close(self) -> None:
        """End; what is on display stays as it is."""
        with self._lock:
            self._closed = True
            thread, self._thread = self._thread, None
        for display in self.displays():
            self.remove(display)
        self._stir.set()
        if thread is not None and thread is not threading.current_thread():
            thread.join(ENDING_SECONDS)

    @property
    def resting(self) -> bool:
        """Whether no thread runs."""
        return self._thread is None

    def _run(self) -> None:
        try:
            while (seconds := self._round()) is not None:
                self._stir.wait(seconds)
                self._stir.clear()
        except Exception:
            with self._lock:
                self._thread = None  # whoever looks next starts another
            if not self._closed:  # else what it reads from is closed, too: on a busy machine a look may outlast `close`
                raise

    def _round(self) -> float | None:
        """Show what is due. Returns how long nothing will be, or None when nobody looks any more."""
        with self._lock:
            shown = dict(self._displays)
        wishes = {display: wish for display in shown if (wish := display.wanted()) is not None}
        now = time.monotonic()
        boards: dict[str | None, Shown] = {}
        for display, (machine, seconds) in wishes.items():
            if now - shown[display] >= seconds * 0.9:
                if machine not in boards:
                    boards[machine] = self._read(machine)
                display.show(boards[machine])
                with self._lock:
                    if display in self._displays:
                        self._displays[display] = now
        if wishes:
            shortest = min(seconds for _, seconds in wishes.values())
            return max(0.05, shortest - (time.monotonic() - now))
        with self._lock:
            # Whoever wakes it from here on starts another thread.
            if not any(display.wanted() for display in self._displays):
                self._thread = None
                return None
        return 0.0
