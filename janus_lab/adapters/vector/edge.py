"""The vector store on Qdrant's engine in this process: one owner, exact search, every write in a log first."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import qdrant_edge as edge

from janus_lab.adapters.disk import disk_errors
from janus_lab.adapters.vector import collection as on_disk
from janus_lab.adapters.vector import complaints, ranking
from janus_lab.adapters.vector.collection import DENSE, SPARSE
from janus_lab.adapters.vector.ownership import owned
from janus_lab.adapters.vector.payload import Clauses, IndexKind, OneOf, Within, clauses_for, encoded
from janus_lab.adapters.vector.point_ids import chunk_id, point_ids
from janus_lab.adapters.vector.refusals import check_room, refusals
from janus_lab.adapters.vector.shards import Shards
from janus_lab.adapters.vector.words import WordModel, Words
from janus_lab.ports.index_generations import VectorIndex
from janus_lab.values.filter import Condition
from janus_lab.values.ids import point_id
from janus_lab.values.index_generation import IndexGeneration, IndexModel
from janus_lab.values.vector import Point, ScoredPoint

if TYPE_CHECKING:
    from janus_lab.values.vector import Vector

_SCHEME = "edge://"
_AT_ONCE = 1000
_PAGE = 10_000
_BYTES_A_NUMBER = 4
_COPIES = 3
_EXACT = edge.SearchParams(exact=True)
_SCHEMAS = {IndexKind.KEYWORD: edge.PayloadSchemaType.Keyword, IndexKind.FLOAT: edge.PayloadSchemaType.Float}


@contextmanager
def open_vectors(url: str, *, words: Words | None = None) -> Iterator[VectorIndex]:
    """The vectors in the folder at `url` (edge:///absolute/path, taken as it stands), owned while the context lasts.

    `words` is for collections made from now on. Raises StoreInUse, DataDirectoryUnusable, DiskFull or SettingsError.
    """
    root = Path(url.removeprefix(_SCHEME))
    chosen = words or Words()
    try:
        WordModel(chosen)
    except ValueError as error:
        raise complaints.bad_words(chosen, error) from error
    with ExitStack() as stack:
        with disk_errors(root):
            root.mkdir(mode=0o700, parents=True, exist_ok=True)
        stack.enter_context(owned(root))
        with disk_errors(root):
            on_disk.sweep(root)
        shards = Shards(root, chosen)
        stack.callback(shards.close)
        yield EdgeVectors(shards)


class EdgeVectors:
    """Collections as shards; safe from several threads."""

    def __init__(self, shards: Shards) -> None:
        self._shards = shards
        self._root = shards.root

    def ensure(self, collection: str, dimensions: int, model: IndexModel | None = None) -> None:
        """Make the collection if it is not there. Raises StoreFailed if it has other dimensions."""
        self._shards.ensure(collection, dimensions, model)

    def upsert(self, collection: str, points: Sequence[Point]) -> None:
        """Add or replace points; they survive a kill of this process once it returns."""
        there = self._shards.required(collection)
        check_room(self._root, len(points) * there.note.dimensions * _BYTES_A_NUMBER * _COPIES)
        remaining = iter(points)
        with refusals(self._root):
            while batch := [_stored(there.words, point) for point in islice(remaining, _AT_ONCE)]:
                there.shard.update(edge.UpdateOperation.upsert_points(batch))
            there.flush_some(len(points))

    def delete(self, collection: str, chunk_ids: Collection[str]) -> None:
        """Remove points; ids that are not there do no harm."""
        there = self._shards.find(collection)
        if there is None or not chunk_ids:
            return
        with refusals(self._root):
            there.shard.update(edge.UpdateOperation.delete_points(_ids(chunk_ids)))
            there.flush_some(len(chunk_ids))

    def search_dense(
        self, collection: str, embedding: Vector, limit: int, *, where: Sequence[Condition] = ()
    ) -> list[ScoredPoint]:
        """The points nearest to the embedding by cosine, best first."""
        return self._search(collection, embedding, None, limit, where)[0]

    def search_sparse(
        self, collection: str, query: str, limit: int, *, where: Sequence[Condition] = ()
    ) -> list[ScoredPoint]:
        """The points that share words with the query by BM25, best first."""
        return self._search(collection, None, query, limit, where)[1]

    def search_both(
        self, collection: str, embedding: Vector, query: str, limit: int, *, where: Sequence[Condition] = ()
    ) -> tuple[list[ScoredPoint], list[ScoredPoint]]:
        """What `search_dense` and `search_sparse` find."""
        return self._search(collection, embedding, query, limit, where)

    def embeddings(self, collection: str, chunk_ids: Collection[str]) -> dict[str, Vector]:
        """The embeddings of those points that are there, by chunk id."""
        return {
            chunk_id(record.id): np.asarray(vectors[DENSE], np.float32)
            for record, vectors in self._retrieved(collection, chunk_ids, with_vector=[DENSE])
        }

    def present(self, collection: str, chunk_ids: Collection[str]) -> set[str]:
        """Which of these points are there."""
        return {chunk_id(record.id) for record, _ in self._retrieved(collection, chunk_ids, with_vector=False)}

    def ids(self, collection: str) -> set[str]:
        """Every point's chunk id."""
        there = self._shards.find(collection)
        found: set[str] = set()
        if there is None:
            return found
        offset = None
        with refusals(self._root):
            while True:
                page, offset = there.shard.scroll(edge.ScrollRequest(offset=offset, limit=_PAGE, with_payload=False))
                found.update(chunk_id(record.id) for record in page)
                if offset is None:
                    return found

    def count(self, collection: str) -> int:
        """How many points there are."""
        there = self._shards.find(collection)
        if there is None:
            return 0
        with refusals(self._root):
            return there.shard.count(edge.CountRequest(exact=True))

    def collections(self) -> list[str]:
        """The collections there are, by name."""
        return self._shards.collections()

    def serving(self, collection: str) -> IndexGeneration | None:
        """The generation that serves."""
        there = self._shards.find(collection)
        return there.note.generation(serving=True) if there else None

    def prepare(
        self, collection: str, dimensions: int, model: IndexModel | None = None, made_by: str = ""
    ) -> IndexGeneration:
        """Make a new, empty generation beside the one that serves. Raises NotFound if there is no such collection."""
        return self._shards.prepare(collection, dimensions, model, made_by)

    def switch(self, collection: str, number: int) -> None:
        """Let this generation serve from now on. Raises NotFound if it is not there."""
        self._shards.switch(collection, number)

    def drop(self, collection: str, number: int) -> None:
        """Remove a generation. Raises UsageError for the one that serves."""
        self._shards.drop(collection, number)

    def generations(self, collection: str) -> list[IndexGeneration]:
        """The generations there are, oldest first."""
        return self._shards.generations(collection)

    def _search(
        self, collection: str, embedding: Vector | None, query: str | None, limit: int, where: Sequence[Condition]
    ) -> tuple[list[ScoredPoint], list[ScoredPoint]]:
        there = self._shards.find(collection)
        if there is None or limit < 1:
            return [], []
        queries = _queries(there.words, embedding, query)
        with refusals(self._root):
            clauses = _clauses(there.shard, where)
            if clauses.impossible:
                return [], []
            only = _filter(clauses)

            def fetch(depths: Mapping[int, int]) -> list[list[ScoredPoint]]:
                asked = [edge.QueryRequest(d, query=queries[n], filter=only, params=_EXACT) for n, d in depths.items()]
                found = there.shard.query_batch(edge.QueryBatchRequest(asked))
                return [[ScoredPoint(chunk_id(p.id), p.score) for p in points] for points in found]

            wanted = [number for number, query in enumerate(queries) if query is not None]
            near, matching = ranking.best(len(queries), limit, wanted, fetch)
        return near, matching

    def _retrieved(
        self, collection: str, chunk_ids: Collection[str], *, with_vector: edge.WithVectorType
    ) -> Iterator[tuple[edge.Record, Any]]:
        there = self._shards.find(collection)
        if there is None:
            return
        remaining = iter(chunk_ids)
        with refusals(self._root):
            while batch := _ids(islice(remaining, _PAGE)):
                yield from ((record, record.vector) for record in there.shard.retrieve(batch, False, with_vector))


def _clauses(shard: edge.EdgeShard, where: Sequence[Condition]) -> Clauses:
    def indexed(key: str, kind: IndexKind) -> None:
        shard.update(edge.UpdateOperation.create_field_index(key, _SCHEMAS[kind]))

    def values(key: str) -> list[str]:
        most = shard.count(edge.CountRequest(exact=True)) + 1
        return [str(hit.value) for hit in shard.facet(edge.FacetRequest(key, limit=most, exact=True)).hits]

    return clauses_for(where, indexed=indexed, values=values)


def _filter(clauses: Clauses) -> edge.Filter | None:
    if clauses == Clauses():
        return None
    return edge.Filter(must=[_field(c) for c in clauses.must], must_not=[_field(c) for c in clauses.must_not])


def _field(clause: OneOf | Within) -> edge.FieldCondition:
    if isinstance(clause, Within):
        return edge.FieldCondition(clause.key, range=edge.RangeFloat(gte=clause.low, lte=clause.high))
    return edge.FieldCondition(clause.key, match=edge.MatchAny(list(clause.texts)))


def _queries(words: WordModel, embedding: Vector | None, query: str | None) -> list[edge.Query | None]:
    """By meaning and by words; None where there is nothing to ask."""
    numbers: Any = embedding
    dense = None if embedding is None else edge.Query.Nearest(numbers, using=DENSE)
    sparse = words.query(query or "")
    return [dense, edge.Query.Nearest(sparse, using=SPARSE) if sparse.indices else None]


def _stored(words: WordModel, point: Point) -> edge.Point:
    numbers: Any = point.embedding
    vectors = {DENSE: numbers, SPARSE: words.text(point.text)}
    return edge.Point(point_id(point.chunk_id), vectors, encoded(point.payload))


def _ids(chunk_ids: Iterable[str]) -> list[edge.PointId]:
    return list(point_ids(chunk_ids))
