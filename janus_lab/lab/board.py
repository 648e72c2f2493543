"""What a board shows: machine, leases, queues and runs, read together, without starting anything."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field, replace

from janus_lab.errors import JanusError
from janus_lab.ports.engine_room import EngineRoom, Link
from janus_lab.ports.ledger import Ledger
from janus_lab.values.board import Board
from janus_lab.values.queue import QueueLength
from janus_lab.values.run import Run, RunState

UNFINISHED = tuple(state for state in RunState if not state.final)
RUNS_SHOWN = 50
SLOW_SECONDS = 2.0
"""Queues and runs are read again after so long, however often a board is asked for: a broker may be far away."""


@dataclass(frozen=True, slots=True)
class _Slow:
    """What is read more seldom; `at` by the monotonic clock."""

    at: float
    queues: tuple[QueueLength, ...] = ()
    runs: tuple[Run, ...] = ()
    note: str = ""


@dataclass(slots=True)
class _Notes:
    """What is missing on a board, and why."""

    lines: list[str] = field(default_factory=list)

    def add(self, line: str) -> None:
        """One more, once."""
        if line and line not in self.lines:
            self.lines.append(line)


class Boards:
    """Boards of the machines that a lab's engine room knows; without one, of this machine.

    Any number of threads may ask. What can't be reached leaves a note on the board and raises nothing.
    """

    def __init__(self, room: EngineRoom, ledger: Ledger, *, here: str) -> None:
        self._room = room
        self._ledger = ledger
        self._here = here
        self._slow = _Slow(float("-inf"))
        self._lock = threading.Lock()

    def now(self, machine: str | None = None) -> Board:
        """The board of a machine (None: this one)."""
        notes = _Notes()
        name = machine or self._here
        link = self._reached(notes)
        board = Board(time.time(), name)
        slow = self._slowly(link)
        notes.add(slow.note)
        return replace(board, queues=slow.queues, runs=slow.runs, note="; ".join(notes.lines))

    def _reached(self, notes: _Notes) -> Link | None:
        try:
            return self._room.reached()
        except JanusError as error:
            notes.add(error.message)
            return None

    def _slowly(self, link: Link | None) -> _Slow:
        with self._lock:
            if time.monotonic() - self._slow.at >= SLOW_SECONDS:
                self._slow = self._read_slowly(link)
            return self._slow

    def _read_slowly(self, link: Link | None) -> _Slow:
        notes = _Notes()
        queues: list[QueueLength] = []
        runs: list[Run] = []
        try:
            runs = self._ledger.find(states=UNFINISHED, limit=RUNS_SHOWN, brief=True)
        except JanusError as error:
            notes.add(error.message)
        try:
            if link is not None:
                with link.letters() as letters:
                    queues = letters.lengths()
        except JanusError as error:
            notes.add(error.message)
        return _Slow(time.monotonic(), tuple(queues), tuple(runs), "; ".join(notes.lines))
