"""Writes steps into the stores, in an order that survives being killed anywhere.

Points are there before a version is published, so search never finds a document without its chunks. What a step is about
to add and to make superfluous is noted in the ledger first, because afterwards the stores no longer tell: whoever resumes or
gives up the run tidies up by that note. Everything else is found out anew, and doing it twice changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from itertools import chain

from janus_lab.errors import NotFound
from janus_lab.ingest.chunker import text_of
from janus_lab.ingest.step import Step
from janus_lab.ingest.stores import IngestStores
from janus_lab.runs.context import RunContext
from janus_lab.values.chunk import Chunk
from janus_lab.values.codec import from_json, to_json
from janus_lab.values.document import Document, SourceStamp
from janus_lab.values.metadata import flat_metadata
from janus_lab.values.vector import Point

EMBED_AT_ONCE = 64
_NOTE = "-note"
_ALL = 2**31 - 1

Pair = tuple[Document, Chunk]
Embedded = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class _Note:
    """What a step adds and makes superfluous: points, documents, and original bytes that may still be needed elsewhere."""

    added: tuple[str, ...]
    gone: tuple[str, ...]
    documents: tuple[str, ...]
    superseded: tuple[str, ...]

    def __or__(self, other: _Note) -> _Note:
        return _Note(
            _union(self.added, other.added),
            _union(self.gone, other.gone),
            _union(self.documents, other.documents),
            _union(self.superseded, other.superseded),
        )


class StepWriter:
    """Writes the steps of one run into one collection."""

    def __init__(self, stores: IngestStores, context: RunContext, collection: str) -> None:
        self._stores = stores
        self._context = context
        self._collection = collection

    def settle(self) -> None:
        """Finish what an earlier attempt had begun: remove what its publishing made superfluous, remember its sources."""
        for note in self._open_notes():
            self._delete_unpublished(note.gone)
        effects = self._context.finished.values()
        stamps = [from_json(SourceStamp, stamp) for effect in effects for stamp in effect.get("stamps", ())]
        self._stores.sources.record(self._collection, stamps)

    def tidy(self) -> None:
        """Remove points and original bytes of steps that were begun and are not going to be finished, or are outdated."""
        with self._stores.writing:
            for note in self._open_notes():
                self._delete_unpublished((*note.gone, *note.added))
            effects = self._context.finished.values()
            self._stores.drop_unused({key for effect in effects for key in effect.get("superseded", ())})

    def write(self, step: Step, *, seconds: Callable[[], float], embedded: Embedded) -> None:
        """Write one step and commit it with its effect. `embedded` is told how many chunks have been done, as they are."""
        if step.key in self._context.finished:
            return
        with self._stores.writing:
            before = self._published(step)
            wanted = self._wanted(step, before)
            note = self._noted(step, before, wanted)
            self._stores.documents.stage([part.version for part in step.parts if part.first == 0])
            embedded(step.chunk_count - len(wanted))
            self._add_points(wanted, embedded)
            self._publish(step, before)
            self._remove(note)
            effect = {
                "outcomes": [to_json(outcome) for outcome in step.outcomes],
                "stamps": [to_json(stamp) for stamp in step.stamps],
                "superseded": list(note.superseded),
                "chunks": step.chunk_count,
                "embedded": len(wanted),
                "seconds": seconds(),
            }
            try:
                self._context.commit_step(step.key, effect)
            finally:
                # The commit may end this attempt's share of time; a commit that failed must leave no stamp.
                if step.key in self._context.finished:
                    self._stores.sources.record(self._collection, step.stamps)

    def _published(self, step: Step) -> dict[str, Document]:
        """What is published of the step's documents, by id."""
        ids = [part.version.document.id for part in step.parts]
        found: dict[str, Document] = {}
        for document_id in self._stores.documents.chunk_ids(ids):
            try:
                found[document_id] = self._stores.documents.get(document_id)
            except NotFound:
                continue
        return found

    def _wanted(self, step: Step, before: Mapping[str, Document]) -> list[Pair]:
        """Chunks to be embedded: those without a point, and all of a document whose metadata have changed."""
        pairs = [(part.version.document, chunk) for part in step.parts for chunk in part.chunks]
        present = self._stores.vectors.present(self._collection, [chunk.id for _, chunk in pairs])
        return [
            (document, chunk)
            for document, chunk in pairs
            if chunk.id not in present or _payload_changed(before.get(document.id), document)
        ]

    def _add_points(self, wanted: list[Pair], embedded: Embedded) -> None:
        # Texts of like length side by side waste the least of a batch.
        ordered = sorted(wanted, key=lambda pair: len(pair[1].text))
        for start in range(0, len(ordered), EMBED_AT_ONCE):
            self._context.check_cancelled()
            batch = ordered[start : start + EMBED_AT_ONCE]
            self._upsert(batch)
            embedded(len(batch))

    def _upsert(self, batch: list[tuple[Document, Chunk]]) -> None:
        texts = [text_of(document, chunk) for document, chunk in batch]
        embeddings = self._stores.embedder().embed(texts)
        self._stores.vectors.ensure(self._collection, int(embeddings.shape[1]))
        points = [
            Point(chunk.id, embedding, text, {**flat_metadata(document.metadata), "document_id": document.id})
            for (document, chunk), embedding, text in zip(batch, embeddings, texts, strict=True)
        ]
        self._stores.vectors.upsert(self._collection, points)

    def _publish(self, step: Step, before: Mapping[str, Document]) -> None:
        complete = [part.version.document for part in step.parts if part.completes]
        self._stores.documents.publish([_as_before(document, before.get(document.id)) for document in complete])

    def _remove(self, note: _Note) -> None:
        if note.gone:
            self._stores.vectors.delete(self._collection, note.gone)
        if note.documents:
            self._stores.documents.remove(note.documents)

    def _noted(self, step: Step, before: Mapping[str, Document], wanted: list[Pair]) -> _Note:
        """The note on a step, in the ledger. One of an earlier attempt knows what publishing has hidden since then."""
        note = self._note(step, before, wanted)
        earlier = self._context.finished.get(step.key + _NOTE)
        if earlier is not None:
            return note | from_json(_Note, earlier)
        if any((note.added, note.gone, note.documents, note.superseded)):
            self._context.commit_step(step.key + _NOTE, to_json(note))
        return note

    def _note(self, step: Step, before: Mapping[str, Document], wanted: list[Pair]) -> _Note:
        new = {part.version.document.id: part.version for part in step.parts if part.completes}
        vanished = [
            document
            for origin, ids in step.kept.items()
            for document in self._stores.documents.find(self._collection, origin_prefix=f"{origin}#", limit=_ALL)
            if document.id not in ids
        ]
        changed = [before[document_id] for document_id in new if document_id in before]
        stays = {chunk.id for version in new.values() for chunk in version.chunks}
        old = self._stores.documents.chunk_ids([document.id for document in (*changed, *vanished)])
        needed = {document_id: version.document.content_hash for document_id, version in new.items()}
        return _Note(
            added=tuple(chunk.id for _, chunk in wanted),
            gone=tuple(chunk_id for ids in old.values() for chunk_id in ids if chunk_id not in stays),
            documents=tuple(document.id for document in vanished),
            superseded=_union(d.content_hash for d in (*changed, *vanished) if d.content_hash != needed.get(d.id)),
        )

    def _open_notes(self) -> list[_Note]:
        finished = self._context.finished
        return [
            from_json(_Note, effect)
            for key, effect in finished.items()
            if key.endswith(_NOTE) and key.removesuffix(_NOTE) not in finished
        ]

    def _delete_unpublished(self, chunk_ids: Iterable[str]) -> None:
        ids = list(chunk_ids)
        published = {chunk.id for chunk in self._stores.documents.chunks(ids)}
        if unpublished := [chunk_id for chunk_id in ids if chunk_id not in published]:
            self._stores.vectors.delete(self._collection, unpublished)


def _union(*ids: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(chain(*ids)))


def _payload_changed(before: Document | None, after: Document) -> bool:
    return before is not None and dict(before.metadata) != dict(after.metadata)


def _as_before(document: Document, before: Document | None) -> Document:
    """A document whose version is published already keeps the time of that."""
    if before is None or before.version_id != document.version_id:
        return document
    return replace(document, ingested_at=before.ingested_at)
