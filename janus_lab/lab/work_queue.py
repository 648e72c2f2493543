"""What there is to do and who does it, read together, without starting anything."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from janus_lab.errors import JanusError, NotFound
from janus_lab.ports.engine_room import EngineRoom, Link
from janus_lab.ports.ledger import Ledger
from janus_lab.values.event import EventKind
from janus_lab.values.queue import DeadLetter, QueueLength
from janus_lab.values.run import LOOKUPS, OPEN, Priority, Run, RunKind, RunState
from janus_lab.values.work_queue import OpenedRun, QueuedRun, WorkQueue

OPEN_SHOWN = 50
ENDED_SHOWN = 8
PARKED_SHOWN = 20
STEPS_SHOWN = 12
SHARES_SHOWN = 100
HEARD_AT_MOST = 20
"""So many runs under way are asked how far they are."""
NO_ROOM = "no engine room runs: `janus up` starts it"
_ENDED = tuple(state for state in RunState if state.final)
_KINDS = tuple(kind for kind in RunKind if kind not in LOOKUPS)
_URGENCY = {priority: place for place, priority in enumerate(Priority)}


class WorkQueueReader:
    """Reads what a ledger and an engine room know. What can't be reached leaves a note and raises nothing."""

    def __init__(self, room: EngineRoom, ledger: Ledger) -> None:
        self._room = room
        self._ledger = ledger

    def now(self, run_id: str | None = None) -> WorkQueue:
        """The queue, with that run (by its whole id) looked at closely."""
        notes: list[str] = []
        link = self._reached(notes)
        queues, parked = _broker(link, notes) if link is not None else ((), ())
        runs: tuple[QueuedRun, ...] = ()
        opened: OpenedRun | None = None
        try:
            runs = self._placed(link, self._runs(), notes)
            opened = self._opened(link, run_id, notes) if run_id else None
        except JanusError as error:
            notes.append(error.message)
        return WorkQueue(time.time(), queues, runs, parked, opened, "; ".join(dict.fromkeys(notes)))

    def _reached(self, notes: list[str]) -> Link | None:
        try:
            link = self._room.reached()
        except JanusError as error:
            notes.append(error.message)
            return None
        if link is None:
            notes.append(NO_ROOM)
        return link

    def _runs(self) -> list[Run]:
        """Open runs in the order in which they are served, those under way first; then some that have ended."""
        unfinished = self._ledger.find(states=OPEN, limit=OPEN_SHOWN, brief=True)
        ended = self._ledger.find(states=_ENDED, kinds=_KINDS, limit=ENDED_SHOWN, brief=True)
        order = (RunState.RUNNING, RunState.QUEUED, RunState.PAUSED)
        unfinished.sort(key=lambda run: (order.index(run.state), _URGENCY[run.priority], run.created_at))
        return [*unfinished, *ended]

    def _opened(self, link: Link | None, run_id: str, notes: list[str]) -> OpenedRun | None:
        try:
            run = self._ledger.get(run_id, brief=True)
        except NotFound:
            # It was forgotten while somebody looked at it.
            return None
        steps = self._ledger.steps(run.id)
        shares = self._ledger.find(parent=run.id, limit=SHARES_SHOWN, brief=True)[::-1]
        return OpenedRun(run, len(steps), tuple(steps[: -STEPS_SHOWN - 1 : -1]), self._placed(link, shares, notes))

    def _placed(self, link: Link | None, runs: Sequence[Run], notes: list[str]) -> tuple[QueuedRun, ...]:
        open_ids = [run.id for run in runs if not run.state.final]
        held: set[str] = set()
        told: Mapping[str, tuple[EventKind, Mapping[str, Any]]] = {}
        if link is not None and open_ids:
            try:
                held = link.claims.held(open_ids)
                told = dict(_told(link, [run_id for run_id in open_ids if run_id in held]))
            except JanusError as error:
                notes.append(error.message)
        before = {run.id: place for place, run in enumerate(run for run in runs if run.state is RunState.QUEUED)}
        return tuple(_queued(run, before.get(run.id), told.get(run.id), held=run.id in held) for run in runs)


def _broker(link: Link, notes: list[str]) -> tuple[tuple[QueueLength, ...], tuple[DeadLetter, ...]]:
    try:
        with link.letters() as letters:
            return tuple(letters.lengths()), tuple(letters.dead(limit=PARKED_SHOWN))
    except JanusError as error:
        notes.append(error.message)
        return (), ()


def _told(link: Link, run_ids: Sequence[str]) -> Iterator[tuple[str, tuple[EventKind, Mapping[str, Any]]]]:
    """What each of these runs told last."""
    for run_id in run_ids[:HEARD_AT_MOST]:
        if (event := link.events.last(run_id)) is not None:
            yield run_id, (event.kind, event.data)


def _queued(run: Run, before: int | None, told: tuple[EventKind, Mapping[str, Any]] | None, *, held: bool) -> QueuedRun:
    kind, data = told if told is not None else (EventKind.STATE, {})
    progress = data if kind is EventKind.PROGRESS else {}
    return QueuedRun(run, held, before, progress, data if kind is EventKind.WAITING else {})
