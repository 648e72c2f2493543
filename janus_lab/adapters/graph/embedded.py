"""The embedded graph: entities and relations in a SQLite file that many processes share."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection

from janus_lab.adapters.graph import embedded_walks as walks
from janus_lab.adapters.graph.embedded_forgetting import forget_chunks
from janus_lab.adapters.graph.embedded_schema import migrate
from janus_lab.adapters.graph.prepared import absent, prepared
from janus_lab.adapters.graph.ranking import Snapshot, Snapshots, page_rank, snapshot_of
from janus_lab.adapters.relational.database import Database, connected
from janus_lab.ports.graph import GraphStore
from janus_lab.values.graph import Entity, Neighbourhood, Path, Relation

_PAGE = 2000
_ENTITY = "SELECT id, name, kind, description, attributes, chunk_ids FROM entity"
_RELATION = """
SELECT r.id, s.id, t.id, r.kind, r.description, r.weight, r.attributes, r.chunk_ids
FROM relation r JOIN entity s ON s.number = r.source JOIN entity t ON t.number = r.target"""
_ENTITIES = _ENTITY + " WHERE collection = ? AND id IN (SELECT value FROM json_each(?)) ORDER BY id"  # noqa: S608 - no values in it
_FOUND = _ENTITY + " WHERE number IN (SELECT value FROM json_each(:at))"  # noqa: S608 - no values in it
_AT = "(SELECT value FROM json_each(:at))"
_AMONG = f"{_RELATION} WHERE r.source IN {_AT} AND r.target IN {_AT} ORDER BY r.id"
_PUT_ENTITY = """
INSERT INTO entity (collection, id, name, kind, description, attributes, chunk_ids) VALUES (?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (collection, id) DO UPDATE SET name = excluded.name, kind = excluded.kind,
    description = excluded.description, attributes = excluded.attributes, chunk_ids = excluded.chunk_ids"""
_PUT_RELATION = """
INSERT INTO relation (collection, id, source, target, kind, description, weight, attributes, chunk_ids)
VALUES (:collection, :id, (SELECT number FROM entity WHERE collection = :collection AND id = :source),
    (SELECT number FROM entity WHERE collection = :collection AND id = :target),
    :kind, :description, :weight, :attributes, :chunk_ids)
ON CONFLICT (collection, id) DO UPDATE SET source = excluded.source, target = excluded.target, kind = excluded.kind,
    description = excluded.description, weight = excluded.weight, attributes = excluded.attributes,
    chunk_ids = excluded.chunk_ids"""
_CHANGED = "INSERT INTO change VALUES (?, 1) ON CONFLICT (collection) DO UPDATE SET count = count + 1"
_COUNTS = "SELECT collection, count(*) FROM {} GROUP BY collection"


@contextmanager
def open_graph(url: str) -> Iterator[GraphStore]:
    """The graph in the SQLite file at `url`, for as long as the context lasts.

    Raises DataDirectoryUnusable, DiskFull, StoreFailed, or DataTooNew if a newer Janus Lab made it.
    """
    with connected(url) as database:
        migrate(database)
        yield EmbeddedGraph(database)


class EmbeddedGraph:
    """Edges as rows; algorithms over a snapshot that is taken anew when the collection has changed."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._snapshots = Snapshots()

    def upsert(self, collection: str, entities: Sequence[Entity], relations: Sequence[Relation] = ()) -> None:
        """Add or replace, in one transaction. Raises Defect if a relation's entity is neither there nor among these."""
        nodes, edges, needed = prepared(entities, relations)
        if not nodes and not edges:
            return
        with self._database.write() as connection:
            missing = needed - {name for _, name in walks.numbers(connection, collection, needed)}
            if missing:
                raise absent(missing)
            if nodes:
                connection.exec_driver_sql(_PUT_ENTITY, [_entity_row(collection, node) for node in nodes])
                _index_chunks(connection, "entity", collection, [node.id for node in nodes])
            if edges:
                connection.exec_driver_sql(_PUT_RELATION, [_relation_row(collection, edge) for edge in edges])
                _index_chunks(connection, "relation", collection, [edge.id for edge in edges])
            connection.exec_driver_sql(_CHANGED, (collection,))

    def entities(self, collection: str, ids: Collection[str]) -> list[Entity]:
        """Those entities that are there, by id."""
        with self._database.read() as connection:
            wanted = json.dumps(list(ids), ensure_ascii=False)
            return [_entity(row) for row in connection.exec_driver_sql(_ENTITIES, (collection, wanted))]

    def mentioned(self, collection: str, chunk_ids: Collection[str]) -> dict[str, list[str]]:
        """Ids of the entities that these chunks mention, by chunk; a chunk that mentions none is left out."""
        query = """SELECT m.chunk, e.id FROM entity_chunk m JOIN entity e ON e.number = m.number
            WHERE m.chunk IN (SELECT value FROM json_each(?)) AND e.collection = ? ORDER BY e.id"""
        found: dict[str, list[str]] = {}
        with self._database.read() as connection:
            wanted = json.dumps(list(chunk_ids), ensure_ascii=False)
            for chunk, name in connection.exec_driver_sql(query, (wanted, collection)):
                found.setdefault(chunk, []).append(name)
        return found

    def chunk_ids(self, collection: str) -> set[str]:
        """Ids of all chunks that support any entity or relation."""
        query = " UNION ".join(
            f"SELECT m.chunk FROM {table}_chunk m JOIN {table} x ON x.number = m.number WHERE x.collection = :collection"  # noqa: S608
            for table in ("entity", "relation")
        )
        with self._database.read() as connection:
            return set(connection.exec_driver_sql(query, {"collection": collection}).scalars())

    def neighbourhood(
        self, collection: str, ids: Collection[str], *, hops: int = 1, limit: int = 1000
    ) -> Neighbourhood:
        """What lies within so many hops, nearest first, at most `limit` entities."""
        with self._database.read() as connection:
            found = walks.distances(connection, collection, ids, hops=hops, limit=limit)
            at = {"at": json.dumps(list(found))}
            by_id = {row[0]: _entity(row) for row in connection.exec_driver_sql(_FOUND, at)}
            relations = tuple(_relation(row) for row in connection.exec_driver_sql(_AMONG, at))
        return Neighbourhood(dict(found.values()), tuple(by_id[name] for name, _ in found.values()), relations)

    def shortest_path(self, collection: str, source: str, target: str, *, most_hops: int = 6) -> Path | None:
        """A shortest way between two entities, in either direction; None if there is none within so many hops."""
        with self._database.read() as connection:
            return walks.shortest_path(connection, collection, source, target, most_hops)

    def page_rank(self, collection: str, seeds: Mapping[str, float], *, limit: int = 100) -> list[tuple[str, float]]:
        """Entities by personalised PageRank, best first."""
        with self._database.read() as connection:
            count = connection.exec_driver_sql("SELECT count FROM change WHERE collection = ?", (collection,)).scalar()
            snapshot = self._snapshots.at(collection, str(count), lambda: _snapshot(connection, collection))
        return page_rank(snapshot, seeds, limit)

    def forget_chunks(self, collection: str, chunk_ids: Collection[str]) -> int:
        """Take these chunks from what they support; what has no support left goes. How many went."""
        if not chunk_ids:
            return 0
        with self._database.write() as connection:
            touched, gone = forget_chunks(connection, collection, chunk_ids)
            if touched:
                connection.exec_driver_sql(_CHANGED, (collection,))
            return gone

    def iterate(self, collection: str) -> Iterator[Entity | Relation]:
        """Everything, entities first, a page at a time."""
        yield from self._pages(f"{_ENTITY} WHERE collection = ? AND id", "id", collection, _entity)
        yield from self._pages(f"{_RELATION} WHERE r.collection = ? AND r.id", "r.id", collection, _relation)

    def totals(self) -> dict[str, tuple[int, int]]:
        """How many entities and relations each collection has; one that has none is left out."""
        with self._database.read() as connection:
            entities, relations = (
                {row[0]: row[1] for row in connection.exec_driver_sql(_COUNTS.format(table))}
                for table in ("entity", "relation")
            )
        return {name: (entities[name], relations.get(name, 0)) for name in sorted(entities)}

    def clear(self, collection: str) -> None:
        """Remove everything of a collection."""
        with self._database.write() as connection:
            for table in ("relation", "entity"):
                connection.exec_driver_sql(f"DELETE FROM {table} WHERE collection = ?", (collection,))  # noqa: S608
            connection.exec_driver_sql(_CHANGED, (collection,))

    def _pages(self, query: str, key: str, collection: str, made: Any) -> Iterator[Any]:
        bound, last = ">=", ""
        while True:
            with self._database.read() as connection:
                page = f"{query} {bound} ? ORDER BY {key} LIMIT {_PAGE}"
                rows = connection.exec_driver_sql(page, (collection, last)).all()
            yield from map(made, rows)
            if len(rows) < _PAGE:
                return
            bound, last = ">", rows[-1][0]


def _snapshot(connection: Connection, collection: str) -> Snapshot:
    names = {
        row[0]: row[1]
        for row in connection.exec_driver_sql("SELECT number, id FROM entity WHERE collection = ?", (collection,))
    }
    rows = connection.exec_driver_sql("SELECT source, target, weight FROM relation WHERE collection = ?", (collection,))
    return snapshot_of(names.values(), ((names[row[0]], names[row[1]], row[2]) for row in rows))


def _index_chunks(connection: Connection, table: str, collection: str, ids: Sequence[str]) -> None:
    """Bring a table's chunks in line with the lists in its rows, where these were written just now."""
    written = "x.collection = :collection AND x.id IN (SELECT value FROM json_each(:ids))"
    parameters = {"collection": collection, "ids": json.dumps(list(ids), ensure_ascii=False)}
    old = f"DELETE FROM {table}_chunk WHERE number IN (SELECT x.number FROM {table} x WHERE {written})"  # noqa: S608
    connection.exec_driver_sql(old, parameters)
    new = f"""INSERT OR IGNORE INTO {table}_chunk
        SELECT c.value, x.number FROM {table} x, json_each(x.chunk_ids) c WHERE {written}"""  # noqa: S608
    connection.exec_driver_sql(new, parameters)


def _entity_row(collection: str, entity: Entity) -> tuple[str, ...]:
    chunks = json.dumps(entity.chunk_ids, ensure_ascii=False)
    attributes = json.dumps(dict(entity.attributes))
    return (collection, entity.id, entity.name, entity.kind, entity.description, attributes, chunks)


def _relation_row(collection: str, relation: Relation) -> dict[str, Any]:
    return {
        "collection": collection,
        "id": relation.id,
        "source": relation.source,
        "target": relation.target,
        "kind": relation.kind,
        "description": relation.description,
        "weight": float(relation.weight),
        "attributes": json.dumps(dict(relation.attributes)),
        "chunk_ids": json.dumps(relation.chunk_ids, ensure_ascii=False),
    }


def _entity(row: Sequence[Any]) -> Entity:
    name, title, kind, description, attributes, chunks = row
    return Entity(name, title, kind, description, json.loads(attributes), tuple(json.loads(chunks)))


def _relation(row: Sequence[Any]) -> Relation:
    name, source, target, kind, description, weight, attributes, chunks = row
    told = kind, description, weight
    return Relation(name, source, target, *told, json.loads(attributes), tuple(json.loads(chunks)))
