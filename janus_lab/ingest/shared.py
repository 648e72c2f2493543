"""One ingest by several workers: cut into shares, each a run of its own, carried out by whoever is free.

The worker that has the ingest starts the shares and takes part in them, so one worker alone never waits. A share is as safe
as any ingest: a worker that dies loses its claim on it, and anyone goes on with it.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from janus_lab.errors import RunCancelled
from janus_lab.ingest.progress import OUTCOMES_KEPT, needs_attention
from janus_lab.ingest.scanned import named
from janus_lab.ingest.shared_progress import SharedProgress
from janus_lab.ingest.sources import Found, Scan
from janus_lab.runs.context import RunContext
from janus_lab.scheduler.work import resting
from janus_lab.values.codec import from_json, to_json
from janus_lab.values.ingest import FileOutcome, IngestReport
from janus_lab.values.request import IngestRequest, Scanned
from janus_lab.values.run import Run, RunState

SUPERSEDED = "superseded"
"""Under this name a share's result tells which original bytes its documents stood in before."""
_SHARES = "shares"
_PAUSE_SECONDS = 0.25
_COMMIT_SECONDS = 30.0
"""Somebody who waits commits a step so often: it may be time to give the run back."""
_CANCEL_SECONDS = 30.0
_SUMMED = ("added", "changed", "unchanged", "flagged", "failed", "documents", "chunks", "embedded")


class SharedIngest:
    """One attempt at an ingest that is cut into shares."""

    def __init__(self, context: RunContext, request: IngestRequest) -> None:
        self._context = context
        self._request = request
        self._resumed = self.begun
        self._lap = time.monotonic()
        self.superseded: set[str] = set()

    @property
    def begun(self) -> bool:
        """Whether this or an earlier attempt has cut it into shares."""
        return _SHARES in self._context.finished

    def begin(self, parts: Sequence[Sequence[Found]], scan: Scan) -> None:
        """Start one share for each of these parts of what was found."""
        for outcome in scan.failures:
            self._context.warn(
                outcome.code, f"{outcome.origin}: {outcome.message}", outcome.remedy, origin=outcome.origin
            )
        ids = self._context.start_shares([self._share_of(part) for part in parts])
        failures = [to_json(outcome) for outcome in scan.failures]
        self._context.commit_step(_SHARES, {"ids": ids, "failures": failures, "unchanged": scan.unchanged})

    def carry_out(self) -> IngestReport:
        """Take part in the shares until all are done, and return the report on all of them.

        Raises RunCancelled when all have stopped, or what the first one that failed has failed of.
        """
        shares = {share.id: share for share in self._context.shares()}
        if self._resumed:
            self._context.start_shares([shares[share_id].request for share_id in self._ids])
        with SharedProgress(self._context, self._known(), list(shares.values()), resumed=self._resumed) as progress:
            noted = [share for share in shares.values() if _key(share.id) in self._context.finished]
            for share in noted:
                progress.ended(share)
            try:
                with resting():
                    self._work(
                        [share_id for share_id in shares if _key(share_id) not in self._context.finished], progress
                    )
            except RunCancelled:
                self._let_stop(list(shares))
                raise
            return self._report()

    def _work(self, left: list[str], progress: SharedProgress) -> None:
        # Shares that an attempt began and did not come to note are waited for, too: their sources are among the others'.
        while left:
            for share_id in list(left):
                self._context.check_cancelled()
                if not self._context.carry_out(share_id):
                    continue
                share = self._context.share(share_id)
                if share.state.final:
                    self._ended(share)
                    progress.ended(share)
                    left.remove(share_id)
                self._commit(_key(share_id) if share.state.final else f"part-{len(self._context.finished)}")
            if left:
                time.sleep(_PAUSE_SECONDS)
                if time.monotonic() - self._lap > _COMMIT_SECONDS or self._context.paused():
                    self._commit(f"waited-{len(self._context.finished)}")

    def _ended(self, share: Run) -> None:
        if share.id not in self._ids or share.state is RunState.DONE:
            return
        if share.error is not None and share.state is RunState.FAILED:
            raise share.error.as_error()
        run_id = self._context.run.id[:12]
        raise RunCancelled(
            f"share {share.id[:12]} of the run was cancelled", remedy=f"`janus runs retry {run_id}` goes on with both"
        )

    def _let_stop(self, left: list[str]) -> None:
        """Wait until nobody works on a share any more; those that nobody has begun are ended here."""
        until = time.monotonic() + _CANCEL_SECONDS
        while left and time.monotonic() < until:
            left = [share_id for share_id in left if not self._stopped(share_id)]
            if left:
                time.sleep(_PAUSE_SECONDS)

    def _stopped(self, share_id: str) -> bool:
        return self._context.carry_out(share_id) and self._context.share(share_id).state.final

    def _report(self) -> IngestReport:
        wanted = set(self._ids)
        results = [share.result or {} for share in self._context.shares() if share.id in wanted]
        self.superseded = {key for result in results for key in result.get(SUPERSEDED, ())}
        reports = [from_json(IngestReport, result) for result in results]
        effects = self._context.finished.values()
        total = self._known()
        ordered = sorted((outcome for report in (total, *reports) for outcome in report.outcomes), key=_calm)
        sums: dict[str, Any] = {name: sum(getattr(report, name) for report in (total, *reports)) for name in _SUMMED}
        seconds = sum(effect.get("seconds", 0.0) for effect in effects) + time.monotonic() - self._lap
        return replace(total, **sums, seconds=round(seconds, 3), outcomes=tuple(ordered[:OUTCOMES_KEPT]))

    def _known(self) -> IngestReport:
        """What is known without any share."""
        noted = self._context.finished[_SHARES]
        failures = tuple(from_json(FileOutcome, data) for data in noted["failures"])
        nothing: dict[str, Any] = dict.fromkeys(_SUMMED, 0)
        nothing |= {"unchanged": noted["unchanged"], "failed": len(failures)}
        return IngestReport(
            run_id=self._context.run.id,
            collection=self._request.collection,
            **nothing,
            seconds=0.0,
            outcomes=failures,
        )

    @property
    def _ids(self) -> list[str]:
        ids: list[str] = self._context.finished[_SHARES]["ids"]
        return ids

    def _share_of(self, part: Sequence[Found]) -> dict[str, Any]:
        scanned = Scanned(tuple(named(found) for found in part))
        return to_json(replace(self._request, sources=(), scanned=scanned))

    def _commit(self, key: str) -> None:
        now = time.monotonic()
        seconds, self._lap = now - self._lap, now
        self._context.commit_step(key, {"seconds": seconds})


def _key(share_id: str) -> str:
    """The step that notes a share's end."""
    return f"share-{share_id}"


def _calm(outcome: FileOutcome) -> bool:
    return not needs_attention(outcome)
