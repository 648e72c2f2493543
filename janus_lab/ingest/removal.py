"""Documents removed from every store."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from janus_lab.errors import NotFound, RunCancelled
from janus_lab.ingest.chunker import text_of
from janus_lab.ingest.sources import source_of
from janus_lab.ingest.stores import IngestStores
from janus_lab.runs.context import RunContext
from janus_lab.values.codec import from_json, to_json
from janus_lab.values.document import Document
from janus_lab.values.ids import content_id
from janus_lab.values.request import RemoveRequest

_AT_ONCE = 100
_PLAN = "remove-plan"


class RemoveService:
    """Carries out removals. What is to be removed is noted in the ledger first; afterwards the stores could not tell."""

    def __init__(self, stores: IngestStores) -> None:
        self._stores = stores

    def execute(self, context: RunContext) -> Mapping[str, Any]:
        """Remove the documents with versions, chunks, points, original bytes and stamps. Raises NotFound if one is not there.

        A file of which a document was removed is read again by the next ingest of it.
        """
        if _PLAN not in context.finished:
            request = from_json(RemoveRequest, context.run.request)
            context.commit_step(_PLAN, {"documents": [to_json(self._named(i)) for i in request.document_ids]})
        documents = [from_json(Document, data) for data in context.finished[_PLAN]["documents"]]
        try:
            for start in range(0, len(documents), _AT_ONCE):
                context.check_cancelled()
                self._remove(context, documents[start : start + _AT_ONCE])
        except RunCancelled:
            self._drop_bytes(context, documents)
            raise
        self._drop_bytes(context, documents)
        return {"documents": len(documents), "chunks": sum(document.chunks for document in documents)}

    def _drop_bytes(self, context: RunContext, documents: list[Document]) -> None:
        changed = {key for effect in context.finished.values() for key in effect.get("changed", ())}
        self._stores.drop_unused({document.content_hash for document in documents} | changed)

    def _note_changed(self, context: RunContext, documents: list[Document]) -> None:
        """Note the original bytes of documents that were ingested anew since the plan: once removed, nobody could tell them."""
        planned = {document.content_hash for document in documents}
        there = self._stores.published([document.id for document in documents]).values()
        changed = sorted({document.content_hash for document in there} - planned)
        if changed and (key := "changed-" + content_id("bytes", *changed)) not in context.finished:
            context.commit_step(key, {"changed": changed})

    def _named(self, document_id: str) -> Document:
        try:
            return self._stores.documents.get(document_id)
        except NotFound as error:
            raise NotFound(
                f"{error.message}; nothing was removed", remedy="list documents with `janus docs`, then repeat"
            ) from error

    def _forget(self, documents: list[Document], chunk_ids: list[str]) -> None:
        by_id = {document.id: document for document in documents}
        chunks = self._stores.documents.chunks(chunk_ids)
        self._stores.embedders.chosen().forget([text_of(by_id[chunk.document_id], chunk) for chunk in chunks])

    def _remove(self, context: RunContext, documents: list[Document]) -> None:
        key = "remove-" + content_id("step", *(document.id for document in documents))
        if key in context.finished:
            return
        with self._stores.changing((document.collection, source_of(document)) for document in documents):
            self._note_changed(context, documents)
            # Points go first: as long as the documents are there, a resumed run can still tell which points are theirs.
            chunk_ids = self._stores.documents.chunk_ids([document.id for document in documents])
            for collection in sorted({document.collection for document in documents}):
                own = [document for document in documents if document.collection == collection]
                points = [chunk_id for document in own for chunk_id in chunk_ids.get(document.id, ())]
                if points:
                    self._forget(own, points)
                    self._stores.drop_chunks(collection, points)
                self._stores.sources.forget(collection, {source_of(document) for document in own})
            self._stores.documents.remove([document.id for document in documents])
            context.commit_step(key, {"documents": len(documents)})
