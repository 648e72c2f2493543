"""An ingest from request to report: scan, prepare ahead, write step by step."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from typing import Any

from janus_lab.errors import RunCancelled
from janus_lab.ingest.ahead import Ahead
from janus_lab.ingest.options import IngestOptions
from janus_lab.ingest.planner import plan
from janus_lab.ingest.prepare import Passed, Preparer
from janus_lab.ingest.progress import Tally
from janus_lab.ingest.reading import OpenSource
from janus_lab.ingest.scanned import brought, known_stamps, pending, scan_of
from janus_lab.ingest.shared import SUPERSEDED, SharedIngest
from janus_lab.ingest.shares import partition
from janus_lab.ingest.sources import Scan, scan
from janus_lab.ingest.step import Step
from janus_lab.ingest.stores import IngestStores
from janus_lab.ingest.writer import StepWriter
from janus_lab.runs.context import RunContext
from janus_lab.scheduler.work import follow
from janus_lab.values.codec import from_json, to_json
from janus_lab.values.request import IngestRequest


class IngestService:
    """Carries out ingest runs and their shares. `rate` tells chunks a second of earlier runs, for plans.

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
        if self._options.shared and not request.plan_only and not context.run.parent:
            return self._with_others(context, request)
        found = self._found(request)
        if request.plan_only:
            return self._plan(context, request, found)
        return self._ingest(context, request, found)

    def _with_others(self, context: RunContext, request: IngestRequest) -> Mapping[str, Any]:
        shared = SharedIngest(context, request)
        if not shared.begun:
            found = self._found(request)
            left = pending(found, self._stores.sources, request, self._options.size)
            parts = partition(left.found)
            if len(parts) <= 1:
                return self._ingest(context, request, found)
            shared.begin(parts, left)
        report = shared.carry_out()
        # The shares left alone whatever one of them might still have to read.
        self._stores.drop_unused(shared.superseded | brought(request), own=context.run.id)
        return to_json(report)

    def _found(self, request: IngestRequest) -> Scan:
        if request.scanned is not None:
            return scan_of(request.scanned)
        return scan(request.sources, root=self._options.root, home=self._options.home, urls=request.urls)

    def _plan(self, context: RunContext, request: IngestRequest, found: Scan) -> Mapping[str, Any]:
        preparer = self._preparer(request, found, keep=lambda _: None, between=context.check_cancelled)
        items = preparer.steps(found.found, ())
        return to_json(
            plan(found, items, collection=request.collection, rate=self._rate(), between=context.check_cancelled)
        )

    def _ingest(self, context: RunContext, request: IngestRequest, found: Scan) -> Mapping[str, Any]:
        tally = Tally(context)
        tally.expect(found, largest=self._options.limits.file_bytes)
        writer = StepWriter(self._stores, context, request.collection, self._options)
        writer.settle()
        done = tally.recall()
        for outcome in found.failures:
            tally.count(outcome)
        kept: set[str] = set()

        def keep(source: OpenSource) -> None:
            kept.add(source.content_hash)
            self._stores.keep(source)

        preparer = self._preparer(request, found, keep=keep, between=follow)
        context.pin(chunking=str(self._options.size))
        own = "" if context.run.parent else context.run.id
        try:
            self._write(context, writer, tally, preparer.steps(found.found, done))
        except RunCancelled:
            # What was brought stays: a retry could not bring it again.
            writer.tidy()
            self._stores.drop_unused(kept - brought(request), own=own)
            raise
        writer.tidy()
        self._stores.drop_unused(brought(request), own=own)
        tally.tell(now=True)
        report = to_json(tally.report(request.collection))
        return report | {SUPERSEDED: sorted(writer.superseded())} if context.run.parent else report

    def _write(
        self, context: RunContext, writer: StepWriter, tally: Tally, items: Generator[Step | Passed, None, None]
    ) -> None:
        def wait() -> None:
            context.check_cancelled()
            tally.tell()

        with Ahead(items) as ahead:
            for item in ahead.each(wait):
                context.check_cancelled()
                if isinstance(item, Passed):
                    tally.count(item.outcome)
                    tally.tell()
                    continue
                if item.outcomes:
                    tally.current = item.outcomes[-1].origin
                tally.written(writer.write(item, seconds=tally.lap, embedded=tally.chunks))

    def _preparer(
        self, request: IngestRequest, found: Scan, *, keep: Callable[[OpenSource], None], between: Callable[[], None]
    ) -> Preparer:
        return Preparer(
            collection=request.collection,
            size=self._options.size,
            limits=self._options.limits,
            fetch=self._options.fetch,
            stamps=known_stamps(self._stores.sources, request.collection, [source.origin for source in found.found]),
            verify=request.verify,
            keep=keep,
            between=between,
            objects=self._stores.objects,
        )
