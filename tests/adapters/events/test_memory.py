"""Events in memory: what a long process must not keep for ever."""

from __future__ import annotations

from janus_lab.adapters.events.memory import OVER_KEPT, open_events
from janus_lab.values.event import Event, EventKind


def test_streams_of_the_runs_that_ended_last_are_kept_and_older_ones_go():
    with open_events() as log:
        log.append(Event("open", EventKind.TOKEN, {"text": "a"}, 0.0))
        for number in range(OVER_KEPT + 1):
            log.append(Event(f"run-{number}", EventKind.DONE, {}, 0.0))
        assert log.read("run-0") == []
        assert log.last("run-1") is not None
        assert log.last("open") is not None
