"""Compares the stores with one another, and removes what belongs to no document."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from janus_lab.errors import UserError
from janus_lab.ports.documents import DocumentStore, SourceIndex
from janus_lab.ports.ledger import Ledger
from janus_lab.ports.objects import ObjectStore
from janus_lab.ports.vectors import VectorStore
from janus_lab.runs.context import RunContext
from janus_lab.values.codec import from_json
from janus_lab.values.document import Document
from janus_lab.values.request import CheckRequest
from janus_lab.values.run import RunKind, RunState

BATCH = 500


class CheckService:
    """The documents are the truth; vectors and objects must be exactly theirs."""

    def __init__(
        self,
        *,
        ledger: Ledger,
        documents: DocumentStore,
        sources: SourceIndex,
        objects: ObjectStore,
        vectors: VectorStore,
    ) -> None:
        self._ledger = ledger
        self._documents = documents
        self._sources = sources
        self._objects = objects
        self._vectors = vectors

    def execute(self, context: RunContext) -> Mapping[str, Any]:
        """Count orphans (kept, but no document's) and gaps (a document's, but not kept); with `mend`, put both right.

        Orphans are removed. Documents with gaps are forgotten by the source index, so that the next ingest embeds them again.
        """
        mend = from_json(CheckRequest, context.run.request).mend
        open_ingests = self._ledger.find(
            kinds=(RunKind.INGEST, RunKind.REMOVE), states=(RunState.QUEUED, RunState.RUNNING)
        )
        if mend and open_ingests:
            raise UserError(
                f"run {open_ingests[0].id[:12]} is changing the stores",
                remedy="wait for it (or cancel it), then check again",
            )
        by_collection: dict[str, list[Document]] = defaultdict(list)
        for document in self._documents.iterate():
            by_collection[document.collection].append(document)
        report: dict[str, Any] = {"orphan_vectors": 0, "missing_vectors": 0, "orphan_objects": 0, "missing_objects": 0}
        for collection in sorted({*by_collection, *self._vectors.collections()}):
            context.check_cancelled()
            self._compare_vectors(collection, by_collection[collection], report, mend=mend)
        self._compare_objects([d for group in by_collection.values() for d in group], report, mend=mend)
        report["mended"] = mend
        report["documents"] = sum(map(len, by_collection.values()))
        return report

    def _compare_vectors(
        self, collection: str, documents: list[Document], report: dict[str, Any], *, mend: bool
    ) -> None:
        kept = self._vectors.ids(collection)
        expected: set[str] = set()
        incomplete: set[str] = set()
        for start in range(0, len(documents), BATCH):
            batch = documents[start : start + BATCH]
            chunk_ids = self._documents.chunk_ids([document.id for document in batch])
            for document in batch:
                own = set(chunk_ids.get(document.id, ()))
                expected |= own
                if own - kept:
                    report["missing_vectors"] += len(own - kept)
                    incomplete.add(document.origin.partition("#")[0])
        orphans = kept - expected
        report["orphan_vectors"] += len(orphans)
        if mend and orphans:
            self._vectors.delete(collection, orphans)
        if mend and incomplete:
            self._sources.forget(collection, incomplete)

    def _compare_objects(self, documents: list[Document], report: dict[str, Any], *, mend: bool) -> None:
        needed = {document.content_hash for document in documents}
        kept = set(self._objects.keys())
        report["orphan_objects"] = len(kept - needed)
        report["missing_objects"] = len(needed - kept)
        if mend:
            for key in kept - needed:
                self._objects.remove(key)
