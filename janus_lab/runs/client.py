"""Starting runs, finding them again, and trying them once more."""

from __future__ import annotations

import time
from collections.abc import Callable

from janus_lab.errors import JanusError, UserError
from janus_lab.ports.engine_room import Link
from janus_lab.ports.ledger import Ledger
from janus_lab.runs.context import SHARES_AT_MOST
from janus_lab.runs.handle import RunHandle
from janus_lab.settings.asking_cell import asking_cell
from janus_lab.values.answer import Citation, CitedContext
from janus_lab.values.codec import to_json
from janus_lab.values.ids import new_run_id
from janus_lab.values.run import ACTIVE, RETRIABLE, Priority, Run, RunKind, RunState


class RunClient:
    """Writes a run into the ledger, queues its id, and hands out what follows it."""

    def __init__(
        self,
        ledger: Ledger,
        *,
        link: Callable[[], Link],
        reopen: Callable[[Citation], CitedContext],
        distress: Callable[[], JanusError | None],
    ) -> None:
        self._ledger = ledger
        self._link = link
        self._reopen = reopen
        self._distress = distress

    def start(self, kind: RunKind, request: object, priority: Priority) -> RunHandle:
        """Record a run and queue it. The engine room is there before the run is, so that none is left that nobody sees."""
        link = self._link()
        run = Run(new_run_id(), kind, RunState.QUEUED, priority, to_json(request), time.time(), cell=asking_cell())
        self._ledger.create(run)
        link.queue.enqueue(run.id, priority)
        return self._handle(run.id)

    def attach(self, run_id: str) -> RunHandle:
        """A handle on a run by id or unique id prefix. Raises NotFound."""
        return self._handle(self._ledger.get(run_id, brief=True).id)

    def retry(self, run_id: str) -> RunHandle:
        """Queue a failed or cancelled run again. Raises UserError for a run in another state."""
        run = self._ledger.get(run_id, brief=True)
        link = self._link()
        link.claims.clear_cancel(run.id)
        if not self._ledger.requeue(run.id):
            raise UserError(
                f"run {run.id[:12]} is {run.state}, so there is nothing to retry",
                remedy="retry runs that failed or were cancelled; see `janus runs`",
            )
        link.queue.enqueue(run.id, run.priority)
        return self._handle(run.id)

    def pause(self, run_id: str) -> Run:
        """Let an open run rest after the step it is at; nothing brings it on but `resume`. Does nothing to one that rests.

        Raises UserError for a run that is over, and for a share.
        """
        run = self._whole(run_id)
        if not self._ledger.pause(run.id) and not self._ledger.paused(run.id):
            raise UserError(
                f"run {run.id[:12]} is {run.state}, so there is nothing to pause",
                remedy="pause runs that are queued or running; see `janus runs`",
            )
        return self._ledger.get(run.id)

    def resume(self, run_id: str) -> RunHandle:
        """Let a paused run go on from its last finished step. Raises UserError for a run in another state, and for a share."""
        run = self._whole(run_id)
        link = self._link()
        if not self._ledger.resume(run.id):
            remedy = "retry it" if run.state in RETRIABLE else "resume runs that are paused"
            raise UserError(
                f"run {run.id[:12]} is {run.state}, so there is nothing to resume", remedy=f"{remedy}; see `janus runs`"
            )
        shares = self._ledger.find(states=ACTIVE, parent=run.id, limit=SHARES_AT_MOST, brief=True)
        for each in (run, *reversed(shares)):
            link.queue.enqueue(each.id, each.priority)
        return self._handle(run.id)

    def _whole(self, run_id: str) -> Run:
        """A run that is nobody's share."""
        run = self._ledger.get(run_id, brief=True)
        if run.parent:
            raise UserError(
                f"run {run.id[:12]} is a share of run {run.parent[:12]}, and rests when that one does",
                remedy=f"name {run.parent[:12]}",
            )
        return run

    def _handle(self, run_id: str) -> RunHandle:
        return RunHandle(run_id, ledger=self._ledger, link=self._link, reopen=self._reopen, distress=self._distress)
