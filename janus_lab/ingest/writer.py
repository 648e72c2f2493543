"""Writes steps into the stores, in an order that survives being killed anywhere.

Points are there before a version is published, so search never finds a document without its chunks. What a step is about
to add and to make superfluous is noted in the ledger first, because afterwards the stores no longer tell: whoever resumes or
gives up the run tidies up by that note. Everything else is found out anew, and doing it twice changes nothing.

Embeddings are made before the step's sources are held; what has changed until then is found out while they are, and they are
let go to embed what came to lack a point.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

from janus_lab.errors import JanusError, NotFound, UnreadableFile
from janus_lab.ingest.notes import Note, note_key, note_of, open_notes, union
from janus_lab.ingest.options import IngestOptions
from janus_lab.ingest.reading import OpenSource
from janus_lab.ingest.sources import Found, failure, source_of
from janus_lab.ingest.step import Step
from janus_lab.ingest.step_points import Embedded, StepPoints
from janus_lab.ingest.stores import IngestStores, changed_while_read
from janus_lab.runs.context import RunContext
from janus_lab.values.codec import from_json, to_json
from janus_lab.values.document import Document, SourceStamp
from janus_lab.values.ingest import FileOutcome

_ALL = 2**31 - 1


class StepWriter:
    """Writes the steps of one run into one collection."""

    def __init__(self, stores: IngestStores, context: RunContext, collection: str, options: IngestOptions) -> None:
        self._stores = stores
        self._context = context
        self._collection = collection
        self._options = options
        self._left_out: set[int] = set()

    def settle(self) -> None:
        """Finish what an earlier attempt had begun: remove what its publishing made superfluous, remember its sources."""
        for note in open_notes(self._context.finished):
            self._delete_unpublished(note.origins, note.gone)
        effects = self._context.finished.values()
        stamps = [from_json(SourceStamp, stamp) for effect in effects for stamp in effect.get("stamps", ())]
        self._stores.sources.record(self._collection, stamps)

    def tidy(self) -> None:
        """Remove points and original bytes of steps that were begun and are not going to be finished, or are outdated."""
        for note in open_notes(self._context.finished):
            self._delete_unpublished(note.origins, (*note.gone, *note.added))
        self._stores.drop_unused(self.superseded())

    def superseded(self) -> set[str]:
        """Original bytes that documents stood in before the run's steps."""
        effects = self._context.finished.values()
        return {key for effect in effects for key in effect.get("superseded", ())}

    def write(self, step: Step, *, seconds: Callable[[], float], embedded: Embedded) -> Step:
        """Write one step and commit it with its effect; returns it without sources that failed at the last moment.

        `embedded` is told how many chunks have been done, as they are.
        """
        if step.key in self._context.finished:
            return step
        points = StepPoints(self._stores, self._context, self._collection, self._left_out)
        points.look(step, self._published(step))
        embedded(max(step.chunk_count - points.embed(embedded), 0))
        while True:
            sources = ((self._collection, origin) for origin in step.origins)
            with self._stores.changing(sources, step.content_hashes.values()):
                step = self._with_bytes(step)
                written = self._write(step, points, seconds)
            if written:
                return step
            # Never while names are held: who embeds may have to wait for somebody who wants them.
            points.embed(lambda _: None)

    def _write(self, step: Step, points: StepPoints, seconds: Callable[[], float]) -> bool:
        """Write it, unless something has come to lack a point since embeddings were made."""
        before = self._published(step)
        points.look(step, before)
        if points.late:
            return False
        note = self._noted(step, before, points.added)
        self._stores.documents.stage([part.version for part in step.parts if part.first == 0])
        points.add()
        self._publish(step, before)
        self._remove(note)
        effect = {
            "outcomes": [to_json(outcome) for outcome in step.outcomes],
            "stamps": [to_json(stamp) for stamp in step.stamps],
            "superseded": list(note.superseded),
            "chunks": step.chunk_count,
            "embedded": len(points.added),
            "seconds": seconds(),
        }
        try:
            self._context.commit_step(step.key, effect)
        finally:
            # The commit may end this attempt's share of time; a commit that failed must leave no stamp.
            if step.key in self._context.finished:
                self._stores.sources.record(self._collection, step.stamps)
        return True

    def _with_bytes(self, step: Step) -> Step:
        """The step whose original bytes are all there: somebody may have dropped them since they were kept."""
        failures: list[FileOutcome] = []
        for origin, content_hash in step.content_hashes.items():
            if self._stores.objects.exists(content_hash):
                continue
            try:
                self._keep_again(step.read[origin], content_hash)
            except (UnreadableFile, NotFound) as error:
                failures.append(self._given_up(step, origin, error))
        return step.without(failures) if failures else step

    def _keep_again(self, found: Found, content_hash: str) -> None:
        with OpenSource(found, self._options.limits, self._options.fetch, self._stores.objects) as opened:
            if opened.content_hash != content_hash:
                raise changed_while_read()
            with opened.rewound() as stream:
                self._stores.objects.put(stream)

    def _given_up(self, step: Step, origin: str, error: JanusError) -> FileOutcome:
        versions = [part.version for part in step.parts if source_of(part.version.document) == origin]
        self._delete_hidden([chunk.id for version in versions for chunk in version.chunks])
        return failure(origin, error)

    def _published(self, step: Step) -> dict[str, Document]:
        """What is published of the step's documents, by id."""
        return self._stores.published([part.version.document.id for part in step.parts])

    def _publish(self, step: Step, before: Mapping[str, Document]) -> None:
        complete = [part.version.document for part in step.parts if part.completes]
        self._stores.documents.publish([_as_before(document, before.get(document.id)) for document in complete])

    def _remove(self, note: Note) -> None:
        if note.gone:
            self._stores.drop_chunks(self._collection, note.gone)
        if note.documents:
            self._stores.documents.remove(note.documents)

    def _noted(self, step: Step, before: Mapping[str, Document], added: tuple[str, ...]) -> Note:
        """The note on a step, in the ledger. One of an earlier attempt knows what publishing has hidden since then."""
        note = self._note(step, before, added)
        earlier = note_of(step.key, self._context.finished)
        if earlier is not None:
            return note | earlier
        if note.needed:
            self._context.commit_step(note_key(step.key), note.effect())
        return note

    def _note(self, step: Step, before: Mapping[str, Document], added: tuple[str, ...]) -> Note:
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
        return Note(
            added=added,
            gone=tuple(chunk_id for ids in old.values() for chunk_id in ids if chunk_id not in stays),
            documents=tuple(document.id for document in vanished),
            superseded=union(d.content_hash for d in (*changed, *vanished) if d.content_hash != needed.get(d.id)),
            origins=tuple(sorted(step.origins)),
        )

    def _delete_unpublished(self, origins: Iterable[str], chunk_ids: Iterable[str]) -> None:
        with self._stores.changing((self._collection, origin) for origin in origins):
            self._delete_hidden(list(chunk_ids))

    def _delete_hidden(self, chunk_ids: list[str]) -> None:
        published = {chunk.id for chunk in self._stores.documents.chunks(chunk_ids)}
        if unpublished := [chunk_id for chunk_id in chunk_ids if chunk_id not in published]:
            self._stores.drop_points(self._collection, unpublished)


def _as_before(document: Document, before: Document | None) -> Document:
    """A document whose version is published already keeps the time of that."""
    if before is None or before.version_id != document.version_id:
        return document
    return replace(document, ingested_at=before.ingested_at)
