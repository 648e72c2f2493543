"""A run that waits for a lease: it tells so, can be cancelled or paused, and lets its attempt end in time."""

from __future__ import annotations

from janus_lab.runs.context import RunContext
from janus_lab.scheduler.giving_up import give_up, named
from janus_lab.values.event import EventKind
from janus_lab.values.lease import Grant
from janus_lab.values.run import Priority

TELL_AFTER_SECONDS = 0.5
"""Shorter waits are not told."""
TELL_EVERY_SECONDS = 10.0
ASK_LEDGER_SECONDS = 1.0


class Patience:
    """For whom an attempt at a run asks; see `janus_lab.scheduler.asker.Asker`."""

    def __init__(self, context: RunContext) -> None:
        self._context = context
        self._told_at: float | None = None
        self._asked_at = 0.0

    @property
    def run_id(self) -> str:
        """The run; for a share, the run that it is a share of."""
        return self._context.run.parent or self._context.run.id

    @property
    def priority(self) -> Priority:
        """The run's."""
        return self._context.run.priority

    @property
    def cell(self) -> str:
        """Where it was asked from."""
        return self._context.run.cell

    @property
    def lost(self) -> int:
        """Attempts that neither ended nor finished a step."""
        return max(0, self._context.run.attempts - len(self._context.finished))

    def waiting(self, grant: Grant, seconds: float) -> None:
        """Tell now and then what is waited for.

        Raises RunCancelled, SliceOver or RunPaused; and AdmissionClosed or LeaseTimeout unless the run is batch work, which
        waits for as long as it takes.
        """
        self._context.require_wanted()
        if self.priority is not Priority.BATCH:
            give_up(grant, seconds)
        if seconds < self._asked_at:
            self._asked_at, self._told_at = 0.0, None
        if seconds - self._asked_at > ASK_LEDGER_SECONDS:
            self._asked_at = seconds
            self._context.require_time()
        if seconds > TELL_AFTER_SECONDS and (self._told_at is None or seconds - self._told_at > TELL_EVERY_SECONDS):
            self._told_at = seconds
            self._context.emit(EventKind.WAITING, what=named(grant), state=grant.state.value, seconds=round(seconds, 1))

    def told(self, code: str, text: str) -> None:
        """Warn whoever follows the run, and keep it in the manifest."""
        self._context.concede(code, text)
