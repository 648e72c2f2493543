"""Following a run from outside: its events as they come, from any process, also after a restart."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

from janus_lab.errors import JanusError
from janus_lab.ports.events import EventLog
from janus_lab.ports.ledger import Ledger
from janus_lab.runs.closing import closing_event
from janus_lab.values.event import Event, EventKind
from janus_lab.values.run import ACTIVE, RunState

WAIT_SECONDS = 0.5
LEDGER_SECONDS = 2.0
"""How long silence lasts before the ledger is asked whether the run is over or paused (events expire; the ledger does not)."""


def follow(
    run_id: str,
    *,
    ledger: Ledger,
    events: EventLog,
    after: str = "",
    distress: Callable[[], JanusError | None] = lambda: None,
    wanted: Callable[[], bool] = lambda: True,
) -> Iterator[Event]:
    """Yield a run's events after `after` until its last one. A run whose stream is gone yields its closing event alone.

    A run that is paused, which no worker may come to tell, yields that state once. Raises what `distress` returns, asked
    when nothing has been heard for a while of a run that should go on. Ends soon after `wanted` is no longer true.
    """
    quiet_since = time.monotonic()
    position = after
    known_over = ledger.get(run_id, brief=True).state.final
    told = RunState.QUEUED
    while wanted():
        batch = events.read(run_id, after=position, wait_seconds=0.0 if known_over else WAIT_SECONDS)
        for event in batch:
            if not _resumed(event, ledger):
                yield event
            position = event.sequence
            told = RunState(event.data["state"]) if event.kind is EventKind.STATE else told
            if event.kind.terminal and not _reopened(event, run_id, ledger):
                return
        if batch:
            quiet_since = time.monotonic()
        elif known_over:
            run = ledger.get(run_id, brief=True)
            yield closing_event(run_id, run.state, run.error)
            return
        elif time.monotonic() - quiet_since > LEDGER_SECONDS:
            state = ledger.get(run_id, brief=True).state
            known_over = state.final
            quiet_since = time.monotonic()
            _require(distress() if state in ACTIVE else None)
            if state is RunState.PAUSED and told is not state:
                told = state
                yield Event(run_id, EventKind.STATE, {"state": state.value}, time.time())


def _require(trouble: JanusError | None) -> None:
    if trouble is not None:
        raise trouble


def _resumed(event: Event, ledger: Ledger) -> bool:
    """Whether the event tells of a pause that is over: whoever comes later need not hear of it."""
    if event.kind is not EventKind.STATE or event.data["state"] != RunState.PAUSED:
        return False
    return ledger.get(event.run_id, brief=True).state is not RunState.PAUSED


def _reopened(event: Event, run_id: str, ledger: Ledger) -> bool:
    """Whether a retry came after this closing event, so that more follows."""
    run = ledger.get(run_id, brief=True)
    return not run.state.final or (run.finished_at is not None and run.finished_at > event.at)
