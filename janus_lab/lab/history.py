"""Runs that were started: found again, followed, paused, cancelled, retried, forgotten."""

from __future__ import annotations

import time
from collections.abc import Sequence

from janus_lab.ports.ledger import Ledger
from janus_lab.runs.client import RunClient
from janus_lab.runs.handle import RunHandle
from janus_lab.values.run import Run, RunKind, RunState, Step


class RunHistory:
    """What a lab knows of its runs."""

    _ledger: Ledger
    _client: RunClient

    def runs(
        self, *, limit: int = 50, kinds: Sequence[RunKind] = (), states: Sequence[RunState] = (), brief: bool = False
    ) -> list[Run]:
        """Recent runs, newest first; with `brief`, long requests and results hold only their first members."""
        return self._ledger.find(kinds=kinds, states=states, limit=limit, brief=brief)

    def run(self, run_id: str) -> Run:
        """One run by id or unique id prefix. Raises NotFound."""
        return self._ledger.get(run_id)

    def shares(self, run_id: str) -> list[Run]:
        """The runs that one was cut into, so that several workers have a part in it; in order of their start."""
        return self._ledger.find(parent=self._ledger.get(run_id, brief=True).id, limit=1000)[::-1]

    def steps(self, run_id: str) -> list[Step]:
        """The finished steps of a run, by id or unique id prefix, in order."""
        return self._ledger.steps(self._ledger.get(run_id, brief=True).id)

    def attach(self, run_id: str) -> RunHandle:
        """Follow a run that this or another process started."""
        return self._client.attach(run_id)

    def cancel(self, run_id: str) -> Run:
        """Ask a run to stop; it keeps what it has finished."""
        handle = self.attach(run_id)
        handle.cancel()
        return handle.run()

    def pause(self, run_id: str) -> Run:
        """Let a run rest after the step it is at, over restarts too, until `resume`. Raises UserError for one that is over."""
        return self._client.pause(run_id)

    def resume(self, run_id: str) -> RunHandle:
        """Let a paused run go on from its last finished step. Raises UserError for a run in another state."""
        return self._client.resume(run_id)

    def retry(self, run_id: str) -> RunHandle:
        """Let a failed or cancelled run go on from its last finished step. Raises UserError for a run in another state."""
        return self._client.retry(run_id)

    def prune_runs(self, *, older_than_seconds: float, kinds: Sequence[RunKind] = ()) -> int:
        """Forget runs of those kinds (empty: any) that ended so long ago, results and all; documents stay. Returns how many."""
        return self._ledger.prune(kinds=kinds, before=time.time() - older_than_seconds)
