"""The graph in Neo4j, through neomodel's typed classes."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from janus_lab.adapters.graph import cypher as queries
from janus_lab.adapters.graph import neo4j_statements as say
from janus_lab.adapters.graph.neo4j_forgetting import clear, forget_chunks
from janus_lab.adapters.graph.neo4j_models import collection_key, entity_of, key, relation_of
from janus_lab.adapters.graph.neo4j_schema import migrate
from janus_lab.adapters.graph.neo4j_server import Server, open_server, rows
from janus_lab.adapters.graph.neo4j_writing import upsert
from janus_lab.adapters.graph.prepared import prepared
from janus_lab.adapters.graph.ranking import Snapshot, Snapshots, page_rank, snapshot_of
from janus_lab.ports.graph import GraphStore
from janus_lab.values.graph import Entity, Neighbourhood, Path, Relation

_PAGE = 2000


@contextmanager
def open_graph(url: str) -> Iterator[GraphStore]:
    """The graph in the database at `url`, for as long as the context lasts.

    Raises SettingsError, StoreUnreachable, AccessDenied, EngineTooOld, StoreFailed, DiskFull or DataTooNew.
    """
    with open_server(url) as server:
        migrate(server)
        yield Neo4jGraph(server)


class Neo4jGraph:
    """Entities as nodes, relations as relationships; several collections in one database, apart by their keys."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._snapshots = Snapshots()

    def upsert(self, collection: str, entities: Sequence[Entity], relations: Sequence[Relation] = ()) -> None:
        """Add or replace, in one transaction. Raises Defect if a relation's entity is neither there nor among these."""
        nodes, edges, needed = prepared(entities, relations)
        if nodes or edges:
            upsert(self._server, collection, nodes, edges, needed)

    def entities(self, collection: str, ids: Collection[str]) -> list[Entity]:
        """Those entities that are there, by id."""
        prefix = collection_key(collection)
        found = self._server.rows(say.ENTITIES, keys=[key(prefix, name) for name in ids])
        return [entity_of(row[0]) for row in found]

    def mentioned(self, collection: str, chunk_ids: Collection[str]) -> dict[str, list[str]]:
        """Ids of the entities that these chunks mention, by chunk; a chunk that mentions none is left out."""
        wanted, found = set(chunk_ids), dict[str, list[str]]()
        for terms in say.chunk_queries(wanted):
            asked = self._server.rows(say.MENTIONED, terms=terms, prefix=collection_key(collection))
            for name, chunks in asked:
                for chunk in wanted.intersection(chunks):
                    found.setdefault(chunk, []).append(name)
        # One entity may have been found by several queries.
        return {chunk: sorted(set(names)) for chunk, names in found.items()}

    def chunk_ids(self, collection: str) -> set[str]:
        """Ids of all chunks that support any entity or relation."""
        return {row[0] for row in self._server.rows(say.CHUNKS, prefix=collection_key(collection))}

    def neighbourhood(
        self, collection: str, ids: Collection[str], *, hops: int = 1, limit: int = 1000
    ) -> Neighbourhood:
        """What lies within so many hops, nearest first, at most `limit` entities."""
        keys = [key(collection_key(collection), name) for name in ids]
        query = say.AROUND.replace("HOPS", str(int(hops)))
        ((found, distances, between),) = self._server.rows(query, keys=keys, limit=max(limit, 0))
        entities = tuple(map(entity_of, found))
        relations = sorted((relation_of(*row) for row in between), key=lambda relation: relation.id)
        hops_to = zip((entity.id for entity in entities), distances, strict=True)
        return Neighbourhood(dict(hops_to), entities, tuple(relations))

    def shortest_path(self, collection: str, source: str, target: str, *, most_hops: int = 6) -> Path | None:
        """A shortest way between two entities, in either direction; None if there is none within so many hops."""
        if source == target or most_hops < 1:
            there = source == target and self.entities(collection, [source])
            return Path((source,), ()) if there else None
        prefix = collection_key(collection)
        query = say.SHORTEST_PATH.replace("HOPS", str(int(most_hops)))
        found = self._server.rows(query, source=key(prefix, source), target=key(prefix, target))
        return Path(tuple(found[0][0]), tuple(found[0][1])) if found else None

    def page_rank(self, collection: str, seeds: Mapping[str, float], *, limit: int = 100) -> list[tuple[str, float]]:
        """Entities by personalised PageRank, best first."""
        prefix = collection_key(collection)
        # The mark is read before the rest: a change in between makes the next call load again.
        mark = self._server.rows(say.MARK, key=prefix)
        snapshot = self._snapshots.at(collection, str(mark), lambda: self._snapshot(prefix))
        return page_rank(snapshot, seeds, limit)

    def forget_chunks(self, collection: str, chunk_ids: Collection[str]) -> int:
        """Take these chunks from what they support; what has no support left goes. How many went."""
        return forget_chunks(self._server, collection, set(chunk_ids)) if chunk_ids else 0

    def iterate(self, collection: str) -> Iterator[Entity | Relation]:
        """Everything, entities first, a page at a time."""
        prefix = collection_key(collection)
        for row in self._pages(say.ENTITY_PAGE, prefix):
            yield entity_of(row[1])
        for row in self._pages(say.RELATION_PAGE, prefix):
            yield relation_of(row[1], row[2], row[3])

    def totals(self) -> dict[str, tuple[int, int]]:
        """How many entities and relations each collection has; one that has none is left out."""
        return {name: (entities, relations) for name, entities, relations in self._server.rows(say.TOTALS)}

    def clear(self, collection: str) -> None:
        """Remove everything of a collection, some thousands at a time."""
        clear(self._server, collection)

    def cypher(
        self, query: str, parameters: Mapping[str, Any] | None = None, *, write: bool = False, limit: int = 1000
    ) -> list[dict[str, Any]]:
        """Rows of a query as plain values; without `write` the server refuses whatever would change anything."""
        found = queries.run(self._server, query, parameters or {}, write=write, limit=limit)
        if write:
            self._server.write(lambda transaction: rows(transaction, say.ALL_CHANGED))
        return found

    def _pages(self, query: str, prefix: str) -> Iterator[list[Any]]:
        last = ""
        while True:
            found = self._server.rows(query, prefix=prefix, last=last, limit=_PAGE)
            yield from found
            if len(found) < _PAGE:
                return
            last = found[-1][0]

    def _snapshot(self, prefix: str) -> Snapshot:
        names = [row[0] for row in self._server.rows(say.IDS, prefix=prefix)]
        return snapshot_of(names, map(tuple, self._server.rows(say.WEIGHTS, prefix=prefix)))
