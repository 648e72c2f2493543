"""The tables of the embedded graph, made and brought up to date when its file is opened."""

from __future__ import annotations

from janus_lab.adapters.relational.database import Database
from janus_lab.errors import DataTooNew

HEAD = 1
"""The newest version of the tables; kept as `user_version` in the file."""

_FIRST = (
    """CREATE TABLE entity (
        number INTEGER PRIMARY KEY, collection TEXT NOT NULL, id TEXT NOT NULL, name TEXT NOT NULL, kind TEXT NOT NULL,
        description TEXT NOT NULL, attributes TEXT NOT NULL, chunk_ids TEXT NOT NULL, UNIQUE (collection, id))""",
    """CREATE TABLE relation (
        number INTEGER PRIMARY KEY, collection TEXT NOT NULL, id TEXT NOT NULL,
        source INTEGER NOT NULL REFERENCES entity (number), target INTEGER NOT NULL REFERENCES entity (number),
        kind TEXT NOT NULL, description TEXT NOT NULL, weight REAL NOT NULL, attributes TEXT NOT NULL,
        chunk_ids TEXT NOT NULL, UNIQUE (collection, id))""",
    "CREATE INDEX relation_by_source ON relation (source, target)",
    "CREATE INDEX relation_by_target ON relation (target, source)",
    # Which entity a chunk mentions, and which relation it states; the lists in the rows keep the order.
    """CREATE TABLE entity_chunk (
        chunk TEXT NOT NULL, number INTEGER NOT NULL REFERENCES entity ON DELETE CASCADE,
        PRIMARY KEY (chunk, number)) WITHOUT ROWID""",
    "CREATE INDEX entity_chunk_by_entity ON entity_chunk (number)",
    """CREATE TABLE relation_chunk (
        chunk TEXT NOT NULL, number INTEGER NOT NULL REFERENCES relation ON DELETE CASCADE,
        PRIMARY KEY (chunk, number)) WITHOUT ROWID""",
    "CREATE INDEX relation_chunk_by_relation ON relation_chunk (number)",
    "CREATE TABLE change (collection TEXT PRIMARY KEY, count INTEGER NOT NULL) WITHOUT ROWID",
)
_STEPS = {1: _FIRST}
"""The statements that lead from the version before to this one."""


def migrate(database: Database) -> None:
    """Lead the tables to HEAD, once however many processes open the file together. Raises DataTooNew."""
    if database.site.present() and _version(database) == HEAD:
        return
    with database.site.migration(database), database.write() as connection:
        found = int(connection.exec_driver_sql("PRAGMA user_version").scalar_one())
        if found > HEAD:
            raise DataTooNew(
                f"{database.place} was written by a newer Janus Lab (graph schema {found}, this one knows {HEAD})",
                remedy="upgrade with `pip install -U janus-lab`, or choose another data directory with JANUS_HOME",
            )
        for version in range(found + 1, HEAD + 1):
            for statement in _STEPS[version]:
                connection.exec_driver_sql(statement)
        connection.exec_driver_sql(f"PRAGMA user_version = {HEAD}")


def _version(database: Database) -> int:
    with database.read() as connection:
        return int(connection.exec_driver_sql("PRAGMA user_version").scalar_one())
