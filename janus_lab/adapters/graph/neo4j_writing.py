"""Entities and relations written to Neo4j in one transaction, some thousands of rows a statement."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from neo4j import ManagedTransaction

from janus_lab.adapters.graph import neo4j_statements as say
from janus_lab.adapters.graph.neo4j_models import collection_key, entity_row, key, relation_row
from janus_lab.adapters.graph.neo4j_server import Server, rows
from janus_lab.adapters.graph.prepared import absent
from janus_lab.values.graph import Entity, Relation

_BATCH = 5000


def upsert(
    server: Server, collection: str, entities: Sequence[Entity], relations: Sequence[Relation], needed: set[str]
) -> None:
    """Add or replace, all or nothing; entities `needed` beside these must be there. Raises Defect."""
    prefix = collection_key(collection)
    nodes = [entity_row(collection, prefix, entity) for entity in entities]
    edges = [relation_row(prefix, relation) for relation in relations]

    def work(transaction: ManagedTransaction) -> None:
        _check_ends(transaction, prefix, needed)
        for batch in _batches(nodes):
            transaction.run(say.PUT_ENTITIES, rows=batch).consume()
        for batch in _batches(edges):
            _put_relations(transaction, batch)
        # Last, because it makes others who write to the collection wait until this transaction ends.
        transaction.run(say.CHANGED, key=prefix).consume()

    server.write(work)


def _check_ends(transaction: ManagedTransaction, prefix: str, needed: set[str]) -> None:
    found = {row[1] for row in rows(transaction, say.PRESENT, keys=[key(prefix, name) for name in needed])}
    if needed - found:
        raise absent(needed - found)


def _put_relations(transaction: ManagedTransaction, batch: list[dict[str, Any]]) -> None:
    known = {name: ends for name, *ends in rows(transaction, say.KNOWN, keys=[row["key"] for row in batch])}
    stay, create, moved = [], [], []
    for row in batch:
        ends = known.get(row["key"])
        if ends == [row["source"], row["target"]]:
            stay.append(row)
            continue
        create.append(row)
        if ends is not None:
            # The ends of a relationship can't be changed.
            moved.append(row["key"])
    if moved:
        transaction.run(say.DROP, keys=moved).consume()
    if stay:
        transaction.run(say.CHANGE, rows=stay).consume()
    if create:
        made = rows(transaction, say.CREATE, rows=create)[0][0]
        if made != len(create):
            # Somebody removed an entity since we looked.
            raise absent({row["source"] for row in create} | {row["target"] for row in create})


def _batches(values: list[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    for start in range(0, len(values), _BATCH):
        yield values[start : start + _BATCH]
