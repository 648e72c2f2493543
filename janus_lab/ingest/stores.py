"""The stores that ingests and removals change, and the lock that lets one of them do so at a time."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection
from dataclasses import dataclass, field

from janus_lab.errors import UnreadableFile
from janus_lab.inference.embedding import Embedder
from janus_lab.ingest.reading import OpenSource
from janus_lab.ports.documents import DocumentStore, SourceIndex
from janus_lab.ports.objects import ObjectStore
from janus_lab.ports.vectors import VectorStore


@dataclass(frozen=True, slots=True)
class IngestStores:
    """Everything an ingest writes to. `embedder` loads the model at its first call, which may never come.

    `writing` is held while the stores are compared and changed: two ingests of the same document must not interleave there.
    """

    documents: DocumentStore
    sources: SourceIndex
    objects: ObjectStore
    vectors: VectorStore
    embedder: Callable[[], Embedder]
    writing: threading.Lock = field(default_factory=threading.Lock)

    def keep(self, source: OpenSource) -> None:
        """Store a source's original bytes. Raises UnreadableFile if they are no longer those that were hashed."""
        if self.objects.exists(source.content_hash):
            return
        with source.rewound() as stream:
            key = self.objects.put(stream)
        if key != source.content_hash:
            self.objects.remove(key)
            raise UnreadableFile("it changed while it was read", remedy="ingest it again when nothing writes to it")

    def drop_unused(self, content_hashes: Collection[str]) -> None:
        """Remove those original bytes that no document stands in any more."""
        unused = set(content_hashes)
        if not unused:
            return
        for document in self.documents.iterate():
            unused.discard(document.content_hash)
            if not unused:
                return
        for content_hash in sorted(unused):
            self.objects.remove(content_hash)
