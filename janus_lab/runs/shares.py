"""The runs that one run is cut into: written into the ledger, queued for any worker, carried out by whoever is free."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from janus_lab.errors import ClaimLost
from janus_lab.ports.claims import Claims
from janus_lab.ports.job_queue import JobQueue
from janus_lab.ports.ledger import Ledger
from janus_lab.runs.context import SHARES_AT_MOST
from janus_lab.values.ids import content_id
from janus_lab.values.run import RETRIABLE, Run, RunState


class RunShares:
    """One run's shares. `carry_out` does what is left of a run, unless another worker has it."""

    def __init__(
        self,
        run: Run,
        *,
        ledger: Ledger,
        claims: Claims,
        queue: Callable[[], JobQueue],
        carry_out: Callable[[Run], bool],
    ) -> None:
        self._run = run
        self._ledger = ledger
        self._claims = claims
        self._queue = queue
        self._carry_out = carry_out

    def start(self, requests: Sequence[Mapping[str, Any]]) -> list[str]:
        """Record and queue those that are not there; their ids. Attempts are counted anew by a retry, so the first is known."""
        retried = self._run.attempts == 0
        known = {run.id: run for run in self._ledger.find(parent=self._run.id, limit=SHARES_AT_MOST, brief=True)}
        wanted = [self._share(number, request) for number, request in enumerate(requests)]
        for share in wanted:
            found = known.get(share.id)
            if found is None:
                # Only the holder of the run's claim starts its shares, so nobody is quicker.
                self._ledger.create(share)
            elif not (retried and self._queued_again(found)):
                continue
            self._queue().enqueue(share.id, share.priority)
        return [share.id for share in wanted]

    def carry_out(self, share_id: str) -> bool:
        """Work on a share; False if another worker has it, or has just taken it over."""
        try:
            return self._carry_out(self._ledger.get(share_id))
        except ClaimLost:
            return False

    def _share(self, number: int, request: Mapping[str, Any]) -> Run:
        text = json.dumps(request, sort_keys=True, ensure_ascii=False)
        share_id = content_id("share", self._run.id, str(number), text)
        parent = self._run
        now = time.time()
        return Run(
            share_id, parent.kind, RunState.QUEUED, parent.priority, request, now, parent=parent.id, cell=parent.cell
        )

    def _queued_again(self, share: Run) -> bool:
        if share.state not in RETRIABLE:
            return False
        self._claims.clear_cancel(share.id)
        return self._ledger.requeue(share.id)
