"""How far an ingest is, told a few times a second, and what became of every source."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict

from janus_lab.ingest.sources import Scan, source_of
from janus_lab.ingest.step import Step
from janus_lab.ingest.workload import Workload
from janus_lab.runs.context import RunContext
from janus_lab.values.codec import from_json
from janus_lab.values.event import EventKind
from janus_lab.values.ingest import FileOutcome, FileState, IngestReport, Progress

TELL_EVERY_SECONDS = 0.25
OUTCOMES_KEPT = 1000
_BAD = (FileState.FAILED, FileState.FLAGGED)


def needs_attention(outcome: FileOutcome) -> bool:
    """Whether a report names this outcome before others."""
    return outcome.state in _BAD


class Tally:
    """Counts sources and chunks of one run, over all of its attempts, and tells them as progress."""

    def __init__(self, context: RunContext, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._context = context
        self._clock = clock
        self._began = self._lap = clock()
        self._told = float("-inf")
        self._states: Counter[FileState] = Counter()
        self._outcomes: list[FileOutcome] = []
        self._files_total = 0
        self._workload = Workload(())
        self._documents = self._chunks = 0
        self._chunks_done = 0
        self._chunks_in_time = 0
        self.current = ""

    def expect(self, scan: Scan, *, largest: int) -> None:
        """What was found; sources of more than `largest` bytes will be refused."""
        self._files_total = len(scan.found) + len(scan.failures) + scan.unchanged
        self._states[FileState.UNCHANGED] += scan.unchanged
        self._workload = Workload(
            (source.origin, source.size if source.size <= largest else 0) for source in scan.found
        )

    def count(self, outcome: FileOutcome) -> None:
        """Take in what became of a source; failures and flags are told as warnings."""
        self._states[outcome.state] += 1
        self._workload.finish(outcome)
        self.current = outcome.origin
        if outcome.state is not FileState.UNCHANGED:
            self._take(outcome)
        if needs_attention(outcome):
            self._context.warn(
                outcome.code, f"{outcome.origin}: {outcome.message}", outcome.remedy, origin=outcome.origin
            )

    def recall(self) -> set[str]:
        """Count what earlier attempts have finished; returns the origins of those sources."""
        done: set[str] = set()
        for effect in self._context.finished.values():
            self._chunks_done += effect.get("chunks", 0)
            for data in effect.get("outcomes", ()):
                outcome = from_json(FileOutcome, data)
                done.add(outcome.origin)
                self._workload.drop(outcome.origin)
                self._states[outcome.state] += 1
                if outcome.state is not FileState.UNCHANGED:
                    self._take(outcome)
        return done

    def _take(self, outcome: FileOutcome) -> None:
        self._documents += outcome.documents
        self._chunks += outcome.chunks
        self._outcomes.append(outcome)

    def written(self, step: Step) -> None:
        """Take in what became of a step's sources, and how far it brought one that goes on."""
        for outcome in step.outcomes:
            self.count(outcome)
        ended = {outcome.origin for outcome in step.outcomes}
        for part in step.parts:
            if part.chunks and (origin := source_of(part.version.document)) not in ended:
                self._workload.advance(origin, part.chunks[-1].end - part.chunks[0].start)

    def chunks(self, count: int) -> None:
        """So many more chunks are in the stores."""
        self._chunks_done += count
        self._chunks_in_time += count
        self.tell()

    def lap(self) -> float:
        """Seconds since the last lap: what a step took."""
        now = self._clock()
        seconds, self._lap = now - self._lap, now
        return seconds

    def tell(self, *, now: bool = False) -> None:
        """Tell progress, unless it was told a moment ago."""
        at = self._clock()
        if not now and at - self._told < TELL_EVERY_SECONDS:
            return
        self._told = at
        done = sum(self._states.values())
        elapsed = max(at - self._began, 1e-6)
        left = self._workload.seconds_left(elapsed)
        progress = Progress(
            done, self._files_total, self._chunks_done, self._chunks_in_time / elapsed, left, self.current
        )
        self._context.emit(EventKind.PROGRESS, **asdict(progress))

    def report(self, collection: str) -> IngestReport:
        """The whole run in numbers; outcomes are bounded, and those that need attention come first."""
        effects = self._context.finished.values()
        ordered = sorted(self._outcomes, key=lambda outcome: not needs_attention(outcome))
        return IngestReport(
            run_id=self._context.run.id,
            collection=collection,
            added=self._states[FileState.ADDED],
            changed=self._states[FileState.CHANGED],
            unchanged=self._states[FileState.UNCHANGED],
            flagged=self._states[FileState.FLAGGED],
            failed=self._states[FileState.FAILED],
            documents=self._documents,
            chunks=self._chunks,
            embedded=sum(effect.get("embedded", 0) for effect in effects),
            seconds=round(sum(effect.get("seconds", 0.0) for effect in effects) + self.lap(), 3),
            outcomes=tuple(ordered[:OUTCOMES_KEPT]),
        )
