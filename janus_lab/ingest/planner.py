"""What an ingest would do, found out without writing anything."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from janus_lab.ingest.prepare import Passed
from janus_lab.ingest.progress import OUTCOMES_KEPT
from janus_lab.ingest.sources import Scan
from janus_lab.ingest.step import Step
from janus_lab.values.ingest import FileOutcome, FileState, IngestPlan

_BAD = (FileState.FAILED, FileState.FLAGGED)


def plan(
    scan: Scan, items: Iterable[Step | Passed], *, collection: str, rate: float | None, between: Callable[[], None]
) -> IngestPlan:
    """The plan for what `scan` found, from its steps; `between` is called between them and may raise."""
    outcomes: list[FileOutcome] = list(scan.failures)
    sizes = {found.origin: found.size for found in scan.found}
    unchanged = chunks = size = 0
    unreadable = len(scan.failures)
    for item in items:
        between()
        told = [item.outcome] if isinstance(item, Passed) else item.outcomes
        unchanged += sum(outcome.state is FileState.UNCHANGED for outcome in told)
        unreadable += sum(outcome.state in _BAD and not outcome.documents for outcome in told)
        size += sum(sizes[outcome.origin] for outcome in told if outcome.documents)
        outcomes.extend(outcome for outcome in told if outcome.state is not FileState.UNCHANGED)
        chunks += item.chunk_count if isinstance(item, Step) else 0
    return IngestPlan(
        collection=collection,
        files=len(scan.found) + len(scan.failures),
        bytes=size,
        unchanged=unchanged,
        chunks=chunks,
        seconds=round(chunks / rate, 1) if rate else None,
        unreadable=unreadable,
        outcomes=tuple(outcomes[:OUTCOMES_KEPT]),
    )
