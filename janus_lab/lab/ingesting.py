"""Ingests as a client starts them: its files are named, or brought where workers could not see them."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING

from janus_lab.ingest.rate import ingest_rate
from janus_lab.ports.ledger import Ledger
from janus_lab.runs.client import RunClient
from janus_lab.runs.handle import RunHandle
from janus_lab.values.event import Event, EventKind
from janus_lab.values.ingest import IngestPlan, Progress
from janus_lab.values.request import IngestRequest
from janus_lab.values.run import Priority, RunKind

if TYPE_CHECKING:
    from janus_lab.ingest.bringing import Bringer

OnEvent = Callable[[Event], None]
OpenBringer = Callable[[], "Bringer"]


@dataclass(frozen=True, slots=True)
class Ingesting:
    """Starts ingests and plans. `bringer` opens what brings files to the workers; None where those see the same files."""

    client: RunClient
    ledger: Ledger
    bringer: OpenBringer | None

    def start(self, request: IngestRequest, on_event: OnEvent | None = None) -> RunHandle:
        """Start an ingest. Files are brought first, which `on_event` hears of as progress of a run without an id."""
        if self.bringer is not None:
            request = self.bringer().bring(request, _telling(on_event))
        return self.client.start(RunKind.INGEST, request, Priority.BATCH)

    def plan(self, request: IngestRequest, on_event: OnEvent | None = None) -> IngestPlan:
        """What an ingest would do."""
        if self.bringer is not None:
            return self.bringer().plan(request, ingest_rate(self.ledger))
        run = self.client.start(RunKind.INGEST, replace(request, plan_only=True), Priority.BATCH)
        return run.wait(IngestPlan, on_event)


def _telling(on_event: OnEvent | None) -> Callable[[Progress], None]:
    def tell(progress: Progress) -> None:
        if on_event is not None:
            on_event(Event("", EventKind.PROGRESS, asdict(progress), time.time()))

    return tell
