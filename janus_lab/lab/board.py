"""What a board shows: machine, leases, queues and runs, read together, without starting anything."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from janus_lab.errors import JanusError
from janus_lab.lab.board_feed import Feed
from janus_lab.lab.measuring import Measuring
from janus_lab.ports.engine_room import EngineRoom, Link
from janus_lab.ports.ledger import Ledger
from janus_lab.ports.probe import Probe
from janus_lab.values.board import Board
from janus_lab.values.machine import Sample
from janus_lab.values.queue import QueueLength
from janus_lab.values.run import Run, RunState

UNFINISHED = tuple(state for state in RunState if not state.final)
RUNS_SHOWN = 50
SLOW_SECONDS = 2.0
"""Machines, queues and runs are read again after so long, however often a board is asked for: a broker may be far away."""
NO_ROOM = "no engine room runs: measured here, and nobody holds a lease"
NO_SAMPLE = "no worker measures this machine: measured here"


@dataclass(frozen=True, slots=True)
class _Slow:
    """What is read more seldom; `at` by the monotonic clock."""

    at: float
    machines: tuple[str, ...] = ()
    queues: tuple[QueueLength, ...] = ()
    runs: tuple[Run, ...] = ()
    note: str = ""


class Boards:
    """Boards of the machines that a lab's engine room knows; without one, of this machine, measured through `open_probe`.

    Any number of threads may ask. What can't be reached leaves a note on the board and raises nothing. `feed` reads them for
    displays that are live.
    """

    def __init__(self, room: EngineRoom, ledger: Ledger, *, here: str, open_probe: Callable[[], Probe]) -> None:
        self._room = room
        self._ledger = ledger
        self._here = here
        self._measuring = Measuring(open_probe)
        self._slow = _Slow(float("-inf"))
        self._lock = threading.Lock()
        self.feed: Feed[Board] = Feed(self.now)

    def now(self, machine: str | None = None) -> Board:
        """The board of a machine (None: this one)."""
        notes: list[str] = []
        board = Board(time.time(), machine or self._here)
        link = self._reached(notes)
        if link is not None:
            board = _told(link, board, notes)
        if board.sample is None:
            board = self._measured(board, NO_ROOM if link is None else NO_SAMPLE, notes)
        slow = self._slowly(link)
        notes.append(slow.note)
        told = "; ".join(dict.fromkeys(note for note in notes if note))
        shown = {board.machine} if board.sample is not None else set()
        machines = tuple(sorted({*slow.machines, *shown}))
        return replace(board, machines=machines, queues=slow.queues, runs=slow.runs, note=told)

    def history(self, machine: str | None = None, *, seconds: float = 120.0) -> list[Sample]:
        """Samples of the last `seconds`, oldest first, without their processes."""
        name = machine or self._here
        link = self._reached([])
        try:
            told = link.samples.history(name, seconds=seconds) if link is not None else []
        except JanusError:
            # A history only decorates: the board itself says what does not answer.
            told = []
        before = told[0].at if told else float("inf")
        own = self._measuring.history(since=time.time() - seconds, before=before) if name == self._here else []
        return [*own, *told]

    def close(self) -> None:
        """End live displays' feed."""
        self.feed.close()

    def _reached(self, notes: list[str]) -> Link | None:
        try:
            return self._room.reached()
        except JanusError as error:
            notes.append(error.message)
            return None

    def _measured(self, board: Board, reason: str, notes: list[str]) -> Board:
        if board.machine != self._here:
            notes.append("nobody measures it any more: its workers have ended, or can't")
            return board
        try:
            sample = self._measuring.sample()
        except JanusError as error:
            notes.append(error.message)
            return board
        notes.append(reason)
        return replace(board, sample=sample)

    def _slowly(self, link: Link | None) -> _Slow:
        with self._lock:
            if time.monotonic() - self._slow.at >= SLOW_SECONDS:
                self._slow = self._read_slowly(link)
            return self._slow

    def _read_slowly(self, link: Link | None) -> _Slow:
        notes: list[str] = []
        machines: list[str] = []
        queues: list[QueueLength] = []
        runs: list[Run] = []
        try:
            runs = self._ledger.find(states=UNFINISHED, limit=RUNS_SHOWN, brief=True)
        except JanusError as error:
            notes.append(error.message)
        try:
            if link is not None:
                machines = link.samples.machines()
                with link.letters() as letters:
                    queues = letters.lengths()
        except JanusError as error:
            notes.append(error.message)
        return _Slow(time.monotonic(), tuple(machines), tuple(queues), tuple(runs), "; ".join(notes))


def _told(link: Link, board: Board, notes: list[str]) -> Board:
    """The board with what the engine room's machines have told."""
    try:
        sample = link.samples.latest(board.machine)
        book = link.leases.book(board.machine)
    except JanusError as error:
        notes.append(error.message)
        return board
    return replace(board, sample=sample, book=book)
