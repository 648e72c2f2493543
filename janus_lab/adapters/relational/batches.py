"""Look-ups and writes in batches that every dialect takes: drivers bound the parameters of one statement."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from itertools import islice
from typing import Any

from sqlalchemy import Connection, Table
from sqlalchemy.dialects import postgresql, sqlite

BATCH = 1000
"""Values in one IN list."""


def batches(values: Collection[str], size: int = BATCH) -> Iterator[list[str]]:
    """The values in lists of at most `size`."""
    remaining = iter(values)
    while batch := list(islice(remaining, size)):
        yield batch


def replacing(connection: Connection, table: Table) -> sqlite.Insert | postgresql.Insert:
    """An INSERT that replaces the row of the same primary key."""
    statement = _insert(connection, table)
    keys = {column.name for column in table.primary_key}
    changes: dict[str, Any] = {c.name: statement.excluded[c.name] for c in table.columns if c.name not in keys}
    return statement.on_conflict_do_update(index_elements=sorted(keys), set_=changes)


def keeping(connection: Connection, table: Table) -> sqlite.Insert | postgresql.Insert:
    """An INSERT that leaves a row of the same key as it is."""
    return _insert(connection, table).on_conflict_do_nothing()


def _insert(connection: Connection, table: Table) -> sqlite.Insert | postgresql.Insert:
    return sqlite.insert(table) if connection.dialect.name == "sqlite" else postgresql.insert(table)
