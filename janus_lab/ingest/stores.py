"""The stores that ingests and removals change, and the names that whoever changes them holds meanwhile."""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Collection, Iterable
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass

from janus_lab.errors import NotFound, UnreadableFile
from janus_lab.inference.index_models import IndexEmbedders
from janus_lab.ingest.reading import OpenSource
from janus_lab.ports.documents import DocumentStore, SourceIndex
from janus_lab.ports.exclusion import Exclusion
from janus_lab.ports.graph import GraphStore
from janus_lab.ports.index_generations import VectorIndex
from janus_lab.ports.objects import ObjectStore
from janus_lab.values.document import Document
from janus_lab.values.ids import content_id
from janus_lab.values.index_generation import IndexGeneration

_AT_ONCE = 200
_LANES = 32
"""Whoever writes holds one of so many names of a collection's index, and whoever puts another generation in its place all."""

_turns = itertools.count(os.getpid())


def _nothing(_own: str) -> set[str]:
    return set()


@dataclass(frozen=True, slots=True)
class IngestStores:
    """Everything an ingest writes to. `embedders` load a model at its first use, which may never come.

    Whoever compares and changes what stands under a source, or publishes or drops original bytes, holds their names: two
    workers may be at work on different documents, and never interleave on one. `awaited` tells which original bytes open
    runs other than the one named were brought and may have yet to read; nobody drops those.
    """

    documents: DocumentStore
    sources: SourceIndex
    objects: ObjectStore
    vectors: VectorIndex
    embedders: IndexEmbedders
    exclusion: Exclusion
    awaited: Callable[[str], Collection[str]] = _nothing
    graph: Callable[[], GraphStore] | None = None
    """Opens the graph at its first call; None where there is none."""

    def changing(
        self, sources: Iterable[tuple[str, str]], content_hashes: Iterable[str] = ()
    ) -> AbstractContextManager[None]:
        """Hold these sources, named by collection and origin, and these original bytes, as long as the context lasts.

        Their collections' indexes serve as they do meanwhile: no generation takes another one's place.
        """
        held = set(sources)
        names = {content_id("source", collection, origin) for collection, origin in held}
        names |= {_lane(collection, next(_turns)) for collection in {collection for collection, _ in held}}
        return self.exclusion.hold(names | {_bytes_name(content_hash) for content_hash in content_hashes})

    def switching(self, collection: str) -> AbstractContextManager[None]:
        """Let nobody change a collection's documents or points, as long as the context lasts."""
        return self.exclusion.hold({_lane(collection, turn) for turn in range(_LANES)})

    def published(self, document_ids: Collection[str]) -> dict[str, Document]:
        """Those of these documents that are there now, by id."""
        found: dict[str, Document] = {}
        for document_id in self.documents.chunk_ids(document_ids):
            with suppress(NotFound):  # it was just removed
                found[document_id] = self.documents.get(document_id)
        return found

    def live(self, collection: str) -> list[IndexGeneration]:
        """The generations that points of documents belong in: the one that serves, then one that is being built to follow it."""
        there = self.vectors.generations(collection)
        serving = next((generation.number for generation in there if generation.serving), None)
        return [] if serving is None else [generation for generation in there if generation.number >= serving]

    def drop_points(self, collection: str, chunk_ids: Collection[str]) -> None:
        """Remove these chunks' points from every generation."""
        for generation in self.live(collection):
            self.vectors.delete(generation.name, chunk_ids)

    def drop_chunks(self, collection: str, chunk_ids: Collection[str]) -> None:
        """Remove the points of chunks that are gone, and what only they support in the graph."""
        self.drop_points(collection, chunk_ids)
        if self.graph is not None:
            self.graph().forget_chunks(collection, chunk_ids)

    def keep(self, source: OpenSource) -> None:
        """Store a source's original bytes. Raises UnreadableFile if they are no longer those that were hashed."""
        if source.brought or self.objects.exists(source.content_hash):
            return
        with source.rewound() as stream:
            key = self.objects.put(stream)
        if key != source.content_hash:
            self.drop_unused({key})
            raise changed_while_read()

    def drop_unused(self, content_hashes: Iterable[str], *, own: str = "") -> None:
        """Remove those original bytes that no document stands in any more and no open run but `own` awaits.

        Not to be called while names are held.
        """
        wanted = sorted(set(content_hashes))
        for start in range(0, len(wanted), _AT_ONCE):
            self._drop(set(wanted[start : start + _AT_ONCE]), own)

    def _drop(self, content_hashes: set[str], own: str) -> None:
        with self.exclusion.hold({_bytes_name(content_hash) for content_hash in content_hashes}):
            unused = content_hashes - self.documents.used(content_hashes)
            if unused:
                unused -= set(self.awaited(own))
            for content_hash in sorted(unused):
                self.objects.remove(content_hash)


def changed_while_read() -> UnreadableFile:
    """The error for a source whose bytes are no longer those that were hashed."""
    return UnreadableFile("it changed while it was read", remedy="ingest it again when nothing writes to it")


def _lane(collection: str, turn: int) -> str:
    return content_id("index lane", collection, str(turn % _LANES))


def _bytes_name(content_hash: str) -> str:
    return content_id("bytes", content_hash)
