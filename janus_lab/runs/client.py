"""Starting runs, finding them again, and trying them once more."""

from __future__ import annotations

import time
from collections.abc import Callable

from janus_lab.errors import JanusError, UserError
from janus_lab.ports.engine_room import Link
from janus_lab.ports.ledger import Ledger
from janus_lab.runs.handle import RunHandle
from janus_lab.values.answer import Citation, CitedContext
from janus_lab.values.codec import to_json
from janus_lab.values.ids import new_run_id
from janus_lab.values.run import Priority, Run, RunKind, RunState


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
        run = Run(new_run_id(), kind, RunState.QUEUED, priority, to_json(request), time.time())
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

    def _handle(self, run_id: str) -> RunHandle:
        return RunHandle(run_id, ledger=self._ledger, link=self._link, reopen=self._reopen, distress=self._distress)
