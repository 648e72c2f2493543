"""The vector store on a Qdrant server: shared by any number of processes, every write confirmed before it returns."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import islice
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from qdrant_client import models

from janus_lab.adapters.vector import complaints, ranking
from janus_lab.adapters.vector.payload import Clauses, IndexKind, clauses_for
from janus_lab.adapters.vector.point_ids import chunk_id, point_ids
from janus_lab.adapters.vector.server import layout
from janus_lab.adapters.vector.server.address import parsed
from janus_lab.adapters.vector.server.batches import batches, sparse
from janus_lab.adapters.vector.server.catalog import Catalog, Served
from janus_lab.adapters.vector.server.client import check_version, connected
from janus_lab.adapters.vector.server.layout import DENSE
from janus_lab.adapters.vector.server.points import Points
from janus_lab.adapters.vector.server.refusals import is_missing
from janus_lab.adapters.vector.words import WordModel, Words
from janus_lab.errors import StoreFailed
from janus_lab.ports.index_generations import VectorIndex
from janus_lab.values.filter import Condition
from janus_lab.values.index_generation import IndexGeneration, IndexModel
from janus_lab.values.vector import Point, ScoredPoint

if TYPE_CHECKING:
    from collections.abc import Callable

    from janus_lab.values.vector import Vector

Found = TypeVar("Found")

_PAGE, _VECTORS_PAGE = 5_000, 500
_DENSE, _SPARSE = 0, 1


@contextmanager
def open_vectors(url: str, *, words: Words | None = None) -> Iterator[VectorIndex]:
    """The vectors on the Qdrant server at `url` (see `address`), for as long as the context lasts.

    `words` is for collections made from now on. Raises SettingsError, StoreUnreachable, AccessDenied or EngineTooOld.
    """
    address = parsed(url)
    chosen = words or Words()
    try:
        WordModel(chosen)
    except ValueError as error:
        raise complaints.bad_words(chosen, error) from error
    with connected(address) as server:
        check_version(server)
        catalog = Catalog(server, chosen)
        # A server tells its version to anyone; whether it takes our key, only what it keeps tells.
        catalog.collections()
        yield ServerVectors(Points(server), catalog)


class ServerVectors:
    """Collections on a server; safe from several threads, and again after the server was away."""

    def __init__(self, points: Points, catalog: Catalog) -> None:
        self._points = points
        self._catalog = catalog

    def ensure(self, collection: str, dimensions: int, model: IndexModel | None = None) -> None:
        """Make the collection if it is not there. Raises StoreFailed if it has other dimensions."""
        self._catalog.ensure(collection, dimensions, model)

    def upsert(self, collection: str, points: Sequence[Point]) -> None:
        """Add or replace points; the server has them in its log once it returns."""

        def write(there: Served) -> None:
            for point in points:
                if len(point.embedding) != there.note.dimensions:
                    raise complaints.other_dimensions(collection, there.note.dimensions, len(point.embedding))
            for batch in batches(points, there.words):
                self._points.put(there.note.physical, batch)

        if points:
            self._catalog.expect(collection, len(points[0].embedding))
        if not self._written(collection, write):
            raise complaints.no_collection(collection)

    def delete(self, collection: str, chunk_ids: Collection[str]) -> None:
        """Remove points; ids that are not there do no harm."""

        def write(there: Served) -> None:
            for page in _pages(chunk_ids, _PAGE):
                self._points.take(there.note.physical, page)

        if chunk_ids:
            self._written(collection, write)

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
        """What `search_dense` and `search_sparse` find, in one round trip."""
        return self._search(collection, embedding, query, limit, where)

    def embeddings(self, collection: str, chunk_ids: Collection[str]) -> dict[str, Vector]:
        """The embeddings of those points that are there, by chunk id."""
        records = self._retrieved(collection, chunk_ids, page=_VECTORS_PAGE, with_vectors=[DENSE])
        return {chunk_id(r.id): np.asarray(_named(r.vector)[DENSE], np.float32) for r in records}

    def present(self, collection: str, chunk_ids: Collection[str]) -> set[str]:
        """Which of these points are there."""
        records = self._retrieved(collection, chunk_ids, page=_PAGE, with_vectors=False)
        return {chunk_id(record.id) for record in records}

    def ids(self, collection: str) -> set[str]:
        """Every point's chunk id."""

        def read(there: Served) -> set[str]:
            found: set[str] = set()
            offset: Any = None
            while True:
                page, offset = self._points.page(there.note.physical, offset, _PAGE)
                found.update(chunk_id(record.id) for record in page)
                if offset is None:
                    return found

        return self._read(collection, read, set())

    def count(self, collection: str) -> int:
        """How many points there are."""
        return self._read(collection, lambda there: self._points.count(there.note.physical), 0)

    def collections(self) -> list[str]:
        """The collections there are, by name."""
        return self._catalog.collections()

    def serving(self, collection: str) -> IndexGeneration | None:
        """The generation that serves."""
        there = self._catalog.find(collection)
        return there.note.generation(serving=True) if there else None

    def prepare(
        self, collection: str, dimensions: int, model: IndexModel | None = None, made_by: str = ""
    ) -> IndexGeneration:
        """Make a new, empty generation beside the one that serves. Raises NotFound if there is no such collection."""
        return self._catalog.prepare(collection, dimensions, model, made_by)

    def switch(self, collection: str, number: int) -> None:
        """Let this generation serve from now on. Raises NotFound if it is not there."""
        self._catalog.switch(collection, number)

    def drop(self, collection: str, number: int) -> None:
        """Remove a generation. Raises UsageError for the one that serves."""
        self._catalog.drop(collection, number)

    def generations(self, collection: str) -> list[IndexGeneration]:
        """The generations there are, oldest first."""
        return self._catalog.generations(collection)

    def _search(
        self, collection: str, embedding: Vector | None, query: str | None, limit: int, where: Sequence[Condition]
    ) -> tuple[list[ScoredPoint], list[ScoredPoint]]:
        def read(there: Served) -> tuple[list[ScoredPoint], list[ScoredPoint]]:
            words = there.words.query(query or "")
            clauses = self._clauses(there, where)
            if clauses.impossible:
                return [], []
            only = layout.filter_of(clauses)
            numbers = [] if embedding is None else np.asarray(embedding, np.float32).tolist()

            def request(number: int, depth: int) -> models.QueryRequest:
                if number == _DENSE:
                    return layout.dense_query(numbers, depth, only, points=there.points)
                return layout.sparse_query(sparse(words), depth, only)

            def fetch(depths: Mapping[int, int]) -> list[list[ScoredPoint]]:
                return self._points.rankings(there.note.physical, [request(n, d) for n, d in depths.items()])

            wanted = [_DENSE] * (embedding is not None) + [_SPARSE] * bool(words.indices)
            near, matching = ranking.best(2, limit, wanted, fetch)
            return near, matching

        none: tuple[list[ScoredPoint], list[ScoredPoint]] = ([], [])
        return self._read(collection, read, none) if limit > 0 else none

    def _clauses(self, there: Served, where: Sequence[Condition]) -> Clauses:
        def indexed(key: str, kind: IndexKind) -> None:
            self._catalog.index(there, key, kind)

        def values(key: str) -> list[str]:
            return self._points.texts(there.note.physical, key)

        return clauses_for(where, indexed=indexed, values=values)

    def _retrieved(
        self, collection: str, chunk_ids: Collection[str], *, page: int, with_vectors: Any
    ) -> list[models.Record]:
        def read(there: Served) -> list[models.Record]:
            found: list[models.Record] = []
            for ids in _pages(chunk_ids, page):
                found += self._points.records(there.note.physical, ids, with_vectors)
            return found

        return self._read(collection, read, []) if chunk_ids else []

    def _read(self, collection: str, read: Callable[[Served], Found], nothing: Found) -> Found:
        """Read from the generation that serves; again from the next one if it was dropped meanwhile."""
        while there := self._catalog.find(collection):
            try:
                return read(there)
            except StoreFailed as error:
                if not is_missing(error):
                    raise
                self._catalog.forget(collection)
        return nothing

    def _written(self, collection: str, write: Callable[[Served], None]) -> bool:
        """Write into the generation that serves, and again if another one took over meanwhile; False if there is none."""
        while there := self._catalog.find(collection):
            try:
                write(there)
            except StoreFailed as error:
                if not is_missing(error):
                    raise
                self._catalog.forget(collection)
                continue
            if self._catalog.serves_still(collection, there):
                return True
        return False


def _pages(chunk_ids: Collection[str], size: int) -> Iterator[list[Any]]:
    remaining = point_ids(chunk_ids)
    while page := list(islice(remaining, size)):
        yield page


def _named(vectors: Any) -> dict[str, Any]:
    return dict(vectors)
