"""How a run's stream of events ends."""

from __future__ import annotations

import time

from janus_lab.values.event import Event, EventKind
from janus_lab.values.run import RunError, RunState


def closing_event(run_id: str, state: RunState, error: RunError | None) -> Event:
    """The last event of a run that ended in `state`."""
    if error is None:
        return Event(run_id, EventKind.DONE, {"state": state.value}, time.time())
    facts = {"state": state.value, "code": error.code, "message": error.message, "remedy": error.remedy}
    return Event(run_id, EventKind.ERROR, facts, time.time())
