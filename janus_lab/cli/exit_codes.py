"""What the shell is told."""

from __future__ import annotations

from typing import Final

from janus_lab.values.answer import Answer, Outcome
from janus_lab.values.health import HealthReport
from janus_lab.values.ingest import IngestReport
from janus_lab.values.run import Run, RunState

OK: Final = 0
FAILED: Final = 1
USAGE: Final = 2
INTERRUPTED: Final = 130
BROKEN_PIPE: Final = 141


def exit_code(value: object) -> int:
    """The exit code for a result: an interrupted answer and a result in which nothing went well are no success."""
    match value:
        case Answer(outcome=Outcome.CANCELLED):
            return INTERRUPTED
        case HealthReport():
            return OK if value.healthy else FAILED
        case IngestReport():
            return (
                FAILED
                if value.failed and not (value.added or value.changed or value.unchanged or value.flagged)
                else OK
            )
        case Run(state=RunState.FAILED):
            return FAILED
        case _:
            return OK
