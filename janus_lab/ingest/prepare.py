"""Sources to steps: opened, parsed, cut into chunks, grouped; nothing is written but original bytes."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Collection, Generator, Iterable, Mapping
from dataclasses import dataclass

from janus_lab.errors import JanusError, NoText, NotFound, UnreadableFile
from janus_lab.ingest.chunker import ChunkSize, chunk_text
from janus_lab.ingest.fetch import Fetch
from janus_lab.ingest.reading import OpenSource, Recipe, parse
from janus_lab.ingest.registry import Reader
from janus_lab.ingest.source_file import Limits
from janus_lab.ingest.sources import Found, failure
from janus_lab.ingest.step import Part, Step, parts_of
from janus_lab.ports.objects import ObjectStore
from janus_lab.values.document import Document, ParsedDocument, SourceStamp
from janus_lab.values.ids import content_id
from janus_lab.values.ingest import FileOutcome, FileState
from janus_lab.values.version import Version

_WARNINGS_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Passed:
    """A source of which nothing is to be written: unchanged, or not readable."""

    outcome: FileOutcome


class Preparer:
    """Makes steps of the sources of one ingest.

    `keep` stores a source's original bytes; an ingest that only plans drops them. `between` is called before each source and
    each of its documents, and may wait or raise.
    """

    def __init__(
        self,
        *,
        collection: str,
        size: ChunkSize,
        limits: Limits,
        fetch: Fetch,
        stamps: Mapping[str, SourceStamp],
        verify: bool,
        keep: Callable[[OpenSource], None],
        between: Callable[[], None],
        objects: ObjectStore | None = None,
    ) -> None:
        self._collection = collection
        self._size = size
        self._limits = limits
        self._fetch = fetch
        self._stamps = stamps
        self._verify = verify
        self._keep = keep
        self._between = between
        self._objects = objects
        self._recipe = Recipe(str(size))
        self._step = Step()

    def steps(self, found: Iterable[Found], finished: Collection[str]) -> Generator[Step | Passed, None, None]:
        """Steps of the sources that need work, in order, and the others as they are passed; `finished` origins are left out."""
        for source in found:
            if source.origin in finished:
                continue
            self._between()
            stamp = self._stamps.get(source.origin)
            if not self._verify and self._recipe.unchanged(stamp, source):
                yield Passed(FileOutcome(source.origin, FileState.UNCHANGED))
                continue
            try:
                yield from self._read(source, stamp)
            except (UnreadableFile, NotFound) as error:
                yield Passed(_unreadable(source.origin, error))
            if self._step.full:
                yield self._cut()
        if not self._step.empty:
            yield self._cut()

    def _cut(self) -> Step:
        step, self._step = self._step, Step()
        return step

    def _read(self, source: Found, stamp: SourceStamp | None) -> Generator[Step | Passed, None, None]:
        with OpenSource(source, self._limits, self._fetch, self._objects) as opened:
            fresh = self._recipe.stamp(source, opened.content_hash)
            if stamp is not None and opened.content_hash and stamp.content_hash == fresh.content_hash:
                self._finish(FileOutcome(source.origin, FileState.UNCHANGED), fresh)
                return
            reader, file, documents = parse(opened)
            kept: set[str] = set()
            chunks = 0
            for parsed in documents:
                self._between()
                if not kept:
                    self._keep(opened)
                version = self._version(source.origin, opened, reader, parsed)
                kept.add(version.document.id)
                chunks += len(version.chunks)
                for part in parts_of(version):
                    yield from self._add(part)
                    self._step.read[source.origin] = source
            if reader.many:
                self._step.kept[source.origin] = frozenset(kept)
            state = FileState.ADDED if stamp is None else FileState.CHANGED
            self._finish(_outcome(source.origin, state, len(kept), chunks, file.warnings), fresh)

    def _add(self, part: Part) -> Generator[Step | Passed, None, None]:
        if self._step.chunk_count and self._step.would_overflow(part):
            yield self._cut()
        self._step.add(part)

    def _finish(self, outcome: FileOutcome, stamp: SourceStamp) -> None:
        self._step.outcomes.append(outcome)
        self._step.stamps.append(stamp)

    def _version(self, origin: str, opened: OpenSource, reader: Reader, parsed: ParsedDocument) -> Version:
        if parsed.key is not None:
            origin = f"{origin}#{parsed.key}"
        document_id = content_id("document", self._collection, origin)
        version_id = content_id(
            "version",
            document_id,
            hashlib.sha256(parsed.text.encode()).hexdigest(),
            f"{reader.name} {reader.version}",
            str(self._size),
            repr((parsed.title, parsed.sections, parsed.pages)),
        )
        chunks = tuple(chunk_text(parsed, document_id, version_id, self._size))
        document = Document(
            id=document_id,
            collection=self._collection,
            origin=origin,
            title=parsed.title,
            media_type=parsed.media_type,
            content_hash=opened.content_hash,
            version_id=version_id,
            characters=len(parsed.text),
            chunks=len(chunks),
            pages=len(parsed.pages),
            metadata=dict(parsed.metadata),
            ingested_at=time.time(),
            key=parsed.key,
        )
        return Version(document, parsed, chunks)


def _outcome(origin: str, state: FileState, documents: int, chunks: int, warnings: list[str]) -> FileOutcome:
    if not warnings:
        return FileOutcome(origin, state, documents, chunks)
    more = f" (and {len(warnings) - _WARNINGS_SHOWN} more)" if len(warnings) > _WARNINGS_SHOWN else ""
    return FileOutcome(
        origin,
        FileState.FLAGGED,
        documents,
        chunks,
        code="partly-read",
        message="; ".join(warnings[:_WARNINGS_SHOWN]) + more,
        remedy="the rest of it was ingested; correct the file and ingest it again if you need these parts",
    )


def _unreadable(origin: str, error: JanusError) -> FileOutcome:
    outcome = failure(origin, error)
    if not isinstance(error, NoText):
        return outcome
    return FileOutcome(origin, FileState.FLAGGED, code=error.code, message=error.message, remedy=error.remedy)
