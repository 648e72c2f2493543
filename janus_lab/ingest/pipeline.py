"""An ingest from request to report: scan, prepare ahead, write step by step."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from janus_lab.errors import RunCancelled
from janus_lab.ingest.ahead import Ahead
from janus_lab.ingest.chunker import ChunkSize
from janus_lab.ingest.planner import plan
from janus_lab.ingest.prepare import Passed, Preparer
from janus_lab.ingest.progress import Tally
from janus_lab.ingest.reading import OpenSource
from janus_lab.ingest.source_file import Limits
from janus_lab.ingest.sources import Scan, scan
from janus_lab.ingest.stores import IngestStores
from janus_lab.ingest.writer import StepWriter
from janus_lab.runs.context import RunContext
from janus_lab.values.codec import from_json, to_json
from janus_lab.values.document import SourceStamp
from janus_lab.values.request import IngestRequest

_STAMPS_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class IngestOptions:
    """What settings say about ingests: `home` is the data directory, `root` the folder that origins are relative to."""

    home: Path
    root: Path | None = None
    size: ChunkSize = field(default_factory=ChunkSize)
    limits: Limits = field(default_factory=Limits)


class IngestService:
    """Carries out ingest runs. `rate` tells chunks a second of earlier runs, for plans.

    A file that has vanished from an ingested folder keeps its documents; a document that has vanished from a file that holds
    many goes when that file is ingested again.
    """

    def __init__(
        self, stores: IngestStores, options: IngestOptions, *, rate: Callable[[], float | None] = lambda: None
    ) -> None:
        self._stores = stores
        self._options = options
        self._rate = rate

    def execute(self, context: RunContext) -> Mapping[str, Any]:
        """Do the ingest and return its report, or its plan if no more was asked for."""
        request = from_json(IngestRequest, context.run.request)
        found = scan(request.sources, root=self._options.root, home=self._options.home, urls=request.urls)
        if request.plan_only:
            return self._plan(context, request, found)
        return self._ingest(context, request, found)

    def _plan(self, context: RunContext, request: IngestRequest, found: Scan) -> Mapping[str, Any]:
        preparer = self._preparer(request, found, keep=lambda _: None)
        items = preparer.steps(found.found, ())
        return to_json(
            plan(found, items, collection=request.collection, rate=self._rate(), between=context.check_cancelled)
        )

    def _ingest(self, context: RunContext, request: IngestRequest, found: Scan) -> Mapping[str, Any]:
        tally = Tally(context)
        tally.expect(found.found, unreadable=len(found.failures), largest=self._options.limits.file_bytes)
        writer = StepWriter(self._stores, context, request.collection)
        writer.settle()
        done = tally.recall()
        for outcome in found.failures:
            tally.count(outcome)
        kept: set[str] = set()

        def keep(source: OpenSource) -> None:
            kept.add(source.content_hash)
            self._stores.keep(source)

        def wait() -> None:
            context.check_cancelled()
            tally.tell()

        preparer = self._preparer(request, found, keep=keep)
        context.pin(chunking=str(self._options.size))
        try:
            with Ahead(preparer.steps(found.found, done)) as ahead:
                for item in ahead.each(wait):
                    context.check_cancelled()
                    if isinstance(item, Passed):
                        tally.count(item.outcome)
                        tally.tell()
                        continue
                    if item.outcomes:
                        tally.current = item.outcomes[-1].origin
                    writer.write(item, seconds=tally.lap, embedded=tally.chunks)
                    tally.written(item)
        except RunCancelled:
            writer.tidy()
            self._stores.drop_unused(kept)
            raise
        writer.tidy()
        tally.tell(now=True)
        return to_json(tally.report(request.collection))

    def _preparer(self, request: IngestRequest, found: Scan, *, keep: Callable[[OpenSource], None]) -> Preparer:
        stamps: dict[str, SourceStamp] = {}
        origins = [source.origin for source in found.found]
        for start in range(0, len(origins), _STAMPS_AT_ONCE):
            stamps |= self._stores.sources.stamps(request.collection, origins[start : start + _STAMPS_AT_ONCE])
        return Preparer(
            collection=request.collection,
            size=self._options.size,
            limits=self._options.limits,
            stamps=stamps,
            verify=request.verify,
            keep=keep,
        )
