"""Chunks, and whole collections, that are gone, taken out of the graph in Neo4j."""

from __future__ import annotations

from neo4j import ManagedTransaction

from janus_lab.adapters.graph import neo4j_statements as say
from janus_lab.adapters.graph.neo4j_models import collection_key
from janus_lab.adapters.graph.neo4j_server import Server, rows

_AT_ONCE = 20_000


def forget_chunks(server: Server, collection: str, gone: set[str]) -> int:
    """Take these chunks from what they support; what has no support left goes. How many went."""
    prefix = collection_key(collection)

    def work(transaction: ManagedTransaction) -> int:
        entities = _supported(transaction, say.SUPPORTED_ENTITIES, prefix, gone)
        lone = sorted(key for key, left in entities.items() if not left)
        lost: int = rows(transaction, say.LOSE_ENDS, keys=lone)[0][0] if lone else 0
        transaction.run(say.DROP_ENTITIES, keys=lone).consume()
        _keep(transaction, say.KEEP_ENTITIES, entities)
        relations = _supported(transaction, say.SUPPORTED_RELATIONS, prefix, gone)
        unstated = sorted(key for key, left in relations.items() if not left)
        transaction.run(say.DROP, keys=unstated).consume()
        _keep(transaction, say.KEEP_RELATIONS, relations)
        if entities or relations:
            transaction.run(say.CHANGED, key=prefix).consume()
        return len(lone) + lost + len(unstated)

    return server.write(work)


def clear(server: Server, collection: str) -> None:
    """Remove a collection, a bounded transaction at a time, relations first."""
    prefix = collection_key(collection)
    for statement in (say.CLEAR_RELATIONS, say.CLEAR_ENTITIES):
        while _cleared(server, statement, prefix):
            continue
    server.write(lambda transaction: rows(transaction, say.CHANGED, key=prefix))


def _cleared(server: Server, statement: str, prefix: str) -> bool:
    return bool(server.write(lambda transaction: rows(transaction, statement, prefix=prefix, limit=_AT_ONCE))[0][0])


def _supported(transaction: ManagedTransaction, query: str, prefix: str, gone: set[str]) -> dict[str, list[str]]:
    """What these chunks support, by key, with the chunks that are left to it."""
    found = {}
    for terms in say.chunk_queries(gone):
        for key, chunks in rows(transaction, query, terms=terms, prefix=prefix):
            if not gone.isdisjoint(chunks):
                found[key] = [chunk for chunk in chunks if chunk not in gone]
    return found


def _keep(transaction: ManagedTransaction, statement: str, supported: dict[str, list[str]]) -> None:
    kept = [{"key": key, "chunk_ids": left} for key, left in sorted(supported.items()) if left]
    transaction.run(statement, rows=kept).consume()
