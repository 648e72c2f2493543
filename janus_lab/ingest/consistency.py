"""Compares the stores with one another, and removes what belongs to no document."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from janus_lab.errors import UserError
from janus_lab.ingest.sources import source_of
from janus_lab.ingest.stores import IngestStores
from janus_lab.ports.graph import GraphStore
from janus_lab.ports.ledger import Ledger
from janus_lab.runs.context import RunContext
from janus_lab.values.codec import from_json
from janus_lab.values.document import Document
from janus_lab.values.request import CheckRequest
from janus_lab.values.run import OPEN, RunKind

BATCH = 500
_ALL = 2**31 - 1
_COUNTS = (
    "orphan_vectors",
    "missing_vectors",
    "orphan_generations",
    "orphan_graph_chunks",
    "orphan_objects",
    "missing_objects",
)


class CheckService:
    """The documents are the truth; vectors and objects must be exactly theirs, and the graph supported by their chunks."""

    def __init__(self, ledger: Ledger, stores: IngestStores) -> None:
        self._ledger = ledger
        self._stores = stores

    def execute(self, context: RunContext) -> Mapping[str, Any]:
        """Count orphans (kept, but no document's) and gaps (a document's, but not kept); with `mend`, put both right.

        Orphans are removed. Documents with gaps are forgotten by the source index, so that the next ingest embeds them again.
        """
        mend = from_json(CheckRequest, context.run.request).mend
        if mend:
            self._require_quiet()
        by_collection: dict[str, list[Document]] = defaultdict(list)
        for document in self._stores.documents.iterate():
            by_collection[document.collection].append(document)
        report: dict[str, Any] = dict.fromkeys(_COUNTS, 0)
        graph = self._stores.graph() if self._stores.graph is not None else None
        in_graph = graph.totals() if graph is not None else {}
        for collection in sorted({*by_collection, *self._stores.vectors.collections(), *in_graph}):
            context.check_cancelled()
            self._compare_generations(collection, report, mend=mend)
            expected = self._compare_vectors(collection, by_collection[collection], report, mend=mend)
            if graph is not None and collection in in_graph:
                self._compare_graph(graph, collection, expected, report, mend=mend)
        self._compare_objects([d for group in by_collection.values() for d in group], report, mend=mend)
        report["mended"] = mend
        report["documents"] = sum(map(len, by_collection.values()))
        return report

    def _require_quiet(self) -> None:
        changing = self._ledger.find(kinds=(RunKind.INGEST, RunKind.REMOVE, RunKind.REINDEX), states=OPEN, parent=None)
        if changing:
            run = changing[0]
            raise UserError(
                f"run {(run.parent or run.id)[:12]} is changing the stores",
                remedy="wait for it (or cancel it), then check again",
            )

    def _compare_generations(self, collection: str, report: dict[str, Any], *, mend: bool) -> None:
        """Generations that neither serve nor are being built: whoever built them is gone."""
        building = {run.id for run in self._ledger.find(kinds=(RunKind.REINDEX,), states=OPEN, limit=_ALL)}
        for generation in self._stores.vectors.generations(collection):
            if generation.serving or generation.made_by in building:
                continue
            report["orphan_generations"] += 1
            if mend:
                self._stores.vectors.drop(collection, generation.number)

    def _compare_vectors(
        self, collection: str, documents: list[Document], report: dict[str, Any], *, mend: bool
    ) -> set[str]:
        """The ids of all chunks of these documents."""
        kept = self._stores.vectors.ids(collection)
        expected: set[str] = set()
        incomplete: set[str] = set()
        for start in range(0, len(documents), BATCH):
            batch = documents[start : start + BATCH]
            chunk_ids = self._stores.documents.chunk_ids([document.id for document in batch])
            for document in batch:
                own = set(chunk_ids.get(document.id, ()))
                expected |= own
                if own - kept:
                    report["missing_vectors"] += len(own - kept)
                    incomplete.add(source_of(document))
        orphans = kept - expected
        report["orphan_vectors"] += len(orphans)
        if mend and orphans:
            self._stores.vectors.delete(collection, self._still_orphans(orphans))
        if mend and incomplete:
            self._stores.sources.forget(collection, incomplete)
        return expected

    def _compare_graph(
        self, graph: GraphStore, collection: str, expected: set[str], report: dict[str, Any], *, mend: bool
    ) -> None:
        orphans = graph.chunk_ids(collection) - expected
        report["orphan_graph_chunks"] += len(orphans)
        if mend and orphans:
            ordered = sorted(self._still_orphans(orphans))
            for start in range(0, len(ordered), BATCH):
                graph.forget_chunks(collection, ordered[start : start + BATCH])

    def _still_orphans(self, chunk_ids: set[str]) -> set[str]:
        # What was compared is out of date if an ingest has begun since.
        self._require_quiet()
        ordered = sorted(chunk_ids)
        batches = (ordered[start : start + BATCH] for start in range(0, len(ordered), BATCH))
        return chunk_ids - {chunk.id for batch in batches for chunk in self._stores.documents.chunks(batch)}

    def _compare_objects(self, documents: list[Document], report: dict[str, Any], *, mend: bool) -> None:
        needed = {document.content_hash for document in documents}
        kept = set(self._stores.objects.keys())
        # What a client has brought for a run that is still to read it is nobody's orphan.
        report["orphan_objects"] = len(kept - needed - set(self._stores.awaited("")))
        report["missing_objects"] = len(needed - kept)
        if mend:
            self._stores.drop_unused(kept - needed)
