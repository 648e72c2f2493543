"""The vector store on Qdrant's engine in this process: one owner, exact search, every write in a log first."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import qdrant_edge as edge

from janus_lab.adapters.disk import disk_errors
from janus_lab.adapters.vector import collection as on_disk
from janus_lab.adapters.vector.collection import DENSE, SPARSE, Note
from janus_lab.adapters.vector.ownership import owned
from janus_lab.adapters.vector.payload import encoded, filter_for
from janus_lab.adapters.vector.refusals import check_room, refusals
from janus_lab.adapters.vector.words import WordModel, Words
from janus_lab.errors import NotFound, SettingsError, StoreFailed
from janus_lab.ports.vectors import VectorStore
from janus_lab.values.filter import Condition
from janus_lab.values.ids import point_id
from janus_lab.values.vector import Point, ScoredPoint

if TYPE_CHECKING:
    from janus_lab.values.vector import Vector

_SCHEME = "edge://"
_AT_ONCE = 1000
_FLUSH_AFTER = 20_000
_PAGE = 10_000
_BYTES_A_NUMBER = 4
_COPIES = 3
_EXACT = edge.SearchParams(exact=True)


@contextmanager
def open_vectors(url: str, *, words: Words | None = None) -> Iterator[VectorStore]:
    """The vectors in the folder at `url` (edge:///absolute/path, taken as it stands), owned while the context lasts.

    `words` is for collections made from now on. Raises StoreInUse, DataDirectoryUnusable, DiskFull or SettingsError.
    """
    root = Path(url.removeprefix(_SCHEME))
    chosen = words or Words()
    try:
        WordModel(chosen)
    except ValueError as error:
        raise SettingsError(f"BM25 can't work with {chosen}: {error}", remedy="choose other words settings") from error
    with ExitStack() as stack:
        with disk_errors(root):
            root.mkdir(mode=0o700, parents=True, exist_ok=True)
        stack.enter_context(owned(root))
        with disk_errors(root):
            on_disk.sweep(root)
        store = EdgeVectors(root, chosen)
        stack.callback(store.close)
        yield store


@dataclass(slots=True)
class _Open:
    note: Note
    shard: edge.EdgeShard
    words: WordModel
    unflushed: int = 0


class EdgeVectors:
    """Collections as shards, opened at first use; safe from several threads."""

    def __init__(self, root: Path, words: Words) -> None:
        self._root = root
        self._words = words
        self._open: dict[str, _Open] = {}
        self._lock = threading.RLock()
        self._closed = False

    def ensure(self, collection: str, dimensions: int) -> None:
        """Make the collection if it is not there. Raises StoreFailed if it has other dimensions."""
        with self._lock:
            there = self._find(collection)
            if there is None:
                check_room(self._root)
                with refusals(self._root):
                    on_disk.make(self._root, Note(collection, dimensions, self._words))
            elif there.note.dimensions != dimensions:
                raise StoreFailed(
                    f"collection {collection!r} holds embeddings of {there.note.dimensions} numbers, not {dimensions}",
                    remedy="use another collection, or the embedding model that this one was made with",
                )

    def upsert(self, collection: str, points: Sequence[Point]) -> None:
        """Add or replace points; they survive a kill of this process once it returns."""
        there = self._required(collection)
        check_room(self._root, len(points) * there.note.dimensions * _BYTES_A_NUMBER * _COPIES)
        remaining = iter(points)
        with refusals(self._root):
            while batch := [_stored(there.words, point) for point in islice(remaining, _AT_ONCE)]:
                there.shard.update(edge.UpdateOperation.upsert_points(batch))
            self._flush_some(there, len(points))

    def delete(self, collection: str, chunk_ids: Collection[str]) -> None:
        """Remove points; ids that are not there do no harm."""
        there = self._find(collection)
        if there is None or not chunk_ids:
            return
        with refusals(self._root):
            there.shard.update(edge.UpdateOperation.delete_points(_point_ids(chunk_ids)))
            self._flush_some(there, len(chunk_ids))

    def search_dense(
        self, collection: str, embedding: Vector, limit: int, *, where: Sequence[Condition] = ()
    ) -> list[ScoredPoint]:
        """The points nearest to the embedding by cosine, best first."""
        there = self._find(collection)
        if there is None or limit < 1:
            return []
        numbers: Any = embedding
        return self._search(there, edge.Query.Nearest(numbers, using=DENSE), limit, where)

    def search_sparse(
        self, collection: str, query: str, limit: int, *, where: Sequence[Condition] = ()
    ) -> list[ScoredPoint]:
        """The points that share words with the query by BM25, best first."""
        there = self._find(collection)
        if there is None or limit < 1:
            return []
        words = there.words.query(query)
        if not words.indices:
            return []
        return self._search(there, edge.Query.Nearest(words, using=SPARSE), limit, where)

    def present(self, collection: str, chunk_ids: Collection[str]) -> set[str]:
        """Which of these points are there."""
        there = self._find(collection)
        found: set[str] = set()
        if there is None:
            return found
        remaining = iter(chunk_ids)
        with refusals(self._root):
            while batch := _point_ids(islice(remaining, _PAGE)):
                found.update(_chunk_id(r.id) for r in there.shard.retrieve(batch, False, False))
        return found

    def ids(self, collection: str) -> set[str]:
        """Every point's chunk id."""
        there = self._find(collection)
        found: set[str] = set()
        if there is None:
            return found
        offset = None
        with refusals(self._root):
            while True:
                page, offset = there.shard.scroll(edge.ScrollRequest(offset=offset, limit=_PAGE, with_payload=False))
                found.update(_chunk_id(record.id) for record in page)
                if offset is None:
                    return found

    def count(self, collection: str) -> int:
        """How many points there are."""
        there = self._find(collection)
        if there is None:
            return 0
        with refusals(self._root):
            return there.shard.count(edge.CountRequest(exact=True))

    def collections(self) -> list[str]:
        """The collections there are, by name."""
        with refusals(self._root):
            return sorted(note.name for note in on_disk.notes(self._root))

    def close(self) -> None:
        """Flush and close every shard."""
        with self._lock:
            self._closed = True
            while self._open:
                _, there = self._open.popitem()
                with refusals(self._root):
                    there.shard.flush()
                    there.shard.close()

    def _search(self, there: _Open, query: edge.Query, limit: int, where: Sequence[Condition]) -> list[ScoredPoint]:
        def indexed(key: str, schema: edge.PayloadSchemaType) -> None:
            there.shard.update(edge.UpdateOperation.create_field_index(key, schema))

        def values(key: str) -> list[str]:
            most = there.shard.count(edge.CountRequest(exact=True)) + 1
            return [str(hit.value) for hit in there.shard.facet(edge.FacetRequest(key, limit=most, exact=True)).hits]

        with refusals(self._root):
            only = filter_for(where, indexed=indexed, values=values)
            request = edge.QueryRequest(limit=limit, query=query, filter=only, params=_EXACT)
            found = [ScoredPoint(_chunk_id(p.id), p.score) for p in there.shard.query(request)]
        return sorted(found, key=lambda p: (-p.score, p.chunk_id))

    def _find(self, name: str) -> _Open | None:
        if there := self._open.get(name):
            return there
        with self._lock:
            if self._closed:
                raise StoreFailed(f"the vectors in {self._root} have been closed", remedy="open them again")
            if name not in self._open:
                with refusals(self._root):
                    loaded = on_disk.load(self._root, name)
                if loaded is None:
                    return None
                note, shard = loaded
                self._open[name] = _Open(note, shard, WordModel(note.words))
            return self._open[name]

    def _required(self, name: str) -> _Open:
        there = self._find(name)
        if there is None:
            raise NotFound(f"there is no collection {name!r}", remedy="ingest something into it first")
        return there

    def _flush_some(self, there: _Open, changes: int) -> None:
        """Let the log be cut off now and then: what stands in it is done again whenever the shard is opened."""
        there.unflushed += changes
        if there.unflushed >= _FLUSH_AFTER:
            there.unflushed = 0
            there.shard.flush()


def _stored(words: WordModel, point: Point) -> edge.Point:
    numbers: Any = point.embedding
    vectors = {DENSE: numbers, SPARSE: words.text(point.text)}
    return edge.Point(point_id(point.chunk_id), vectors, encoded(point.payload))


def _point_ids(chunk_ids: Iterable[str]) -> list[edge.PointId]:
    return [point_id(chunk_id) for chunk_id in chunk_ids]


def _chunk_id(point: Any) -> str:
    return point.hex if isinstance(point, uuid.UUID) else uuid.UUID(str(point)).hex
