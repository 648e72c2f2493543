"""Constraints and indexes of the graph in Neo4j, installed when it is opened: once, however many processes open it together."""

from __future__ import annotations

import io

from neo4j import ManagedTransaction
from neomodel.sync_.connection import ConnectionManager
from neomodel.sync_.query import QueryRunner
from neomodel.sync_.schema import SchemaManager

from janus_lab.adapters.graph.neo4j_models import CollectionModel, EntityModel, SchemaModel
from janus_lab.adapters.graph.neo4j_server import Server, rows
from janus_lab.adapters.graph.neo4j_statements import CHUNK_INDEXES
from janus_lab.errors import DataTooNew, StoreFailed

HEAD = 1
"""The newest version of the schema; kept in the database's JanusSchema node."""

_KEY = "graph"
_FOUND = "MATCH (s:JanusSchema {key: $key}) RETURN s.version"
# Writing to the node makes whoever else migrates wait until this transaction ends.
_HOLD = "MERGE (s:JanusSchema {key: $key}) SET s.held = randomUUID() RETURN coalesce(s.version, '0')"
_DONE = "MATCH (s:JanusSchema {key: $key}) SET s.version = $version REMOVE s.held"
_ONLINE = "CALL db.awaitIndexes(60)"
_STEPS = {1: (CollectionModel, EntityModel)}
"""The models whose constraints and indexes lead from the version before to this one."""


def migrate(server: Server) -> None:
    """Lead the schema to HEAD; where it is there already this is one query. Raises DataTooNew."""
    if found_version(server) == HEAD:
        return
    _install(server, SchemaModel)
    server.write(lambda transaction: _lead(server, transaction))
    server.rows(_ONLINE)
    there = {row[0] for row in server.rows("SHOW INDEXES YIELD name")}
    if CHUNK_INDEXES - there:
        # Neo4j makes no second index of the same properties, and queries name the one they mean.
        raise StoreFailed(
            f"the graph at {server.place} has indexes of its own on chunk_ids",
            remedy="drop them (see `SHOW INDEXES`), or give Janus a Neo4j of its own; then repeat",
        )


def found_version(server: Server) -> int:
    """The version that is installed; 0 for none."""
    found = server.rows(_FOUND, key=_KEY)
    return int(found[0][0] or 0) if found else 0


def _lead(server: Server, transaction: ManagedTransaction) -> None:
    found = int(rows(transaction, _HOLD, key=_KEY)[0][0])
    if found > HEAD:
        raise DataTooNew(
            f"the graph at {server.place} was written by a newer Janus Lab (schema {found}, this one knows {HEAD})",
            remedy="upgrade with `pip install -U janus-lab`",
        )
    for version in range(found + 1, HEAD + 1):
        for model in _STEPS[version]:
            _install(server, model)
    rows(transaction, _DONE, key=_KEY, version=str(HEAD))


def _install(server: Server, model: type) -> None:
    """Have neomodel install what a model's properties ask for; what is there already stays.

    neomodel keeps one connection in a global; these are its parts, put together on a driver of this store alone.
    """
    connection = ConnectionManager()
    runner = QueryRunner(connection)
    connection._query = runner  # noqa: SLF001 - as its own Database wires it

    def once() -> None:
        connection.set_connection(driver=server.driver)
        connection._database_name = server.database  # noqa: SLF001 - None is the server's default
        SchemaManager(connection, runner).install_labels(model, quiet=True, stdout=io.StringIO())

    server.retried(once)
