"""Look-ups and writes in batches that every dialect takes: drivers bound the parameters of one statement."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from itertools import islice
from typing import Any

from sqlalchemy import Column, ColumnElement, Connection, Table
from sqlalchemy.dialects import postgresql, sqlite

BATCH = 1000
"""Values in one IN list."""

Merge = Callable[[ColumnElement[Any], Column[Any]], ColumnElement[Any]]
"""What a column becomes of the new value and the one that is there."""


def batches(values: Collection[str], size: int = BATCH) -> Iterator[list[str]]:
    """The values in lists of at most `size`."""
    remaining = iter(values)
    while batch := list(islice(remaining, size)):
        yield batch


def replacing(
    connection: Connection, table: Table, merged: Mapping[str, Merge] | None = None
) -> sqlite.Insert | postgresql.Insert:
    """An INSERT that replaces the row of the same primary key, but for the columns that are `merged`."""
    statement = _insert(connection, table)
    keys = {column.name for column in table.primary_key}
    changes: dict[str, Any] = {c.name: statement.excluded[c.name] for c in table.columns if c.name not in keys}
    for name, merge in (merged or {}).items():
        changes[name] = merge(statement.excluded[name], table.c[name])
    return statement.on_conflict_do_update(index_elements=sorted(keys), set_=changes)


def keeping(connection: Connection, table: Table) -> sqlite.Insert | postgresql.Insert:
    """An INSERT that leaves a row of the same key as it is."""
    return _insert(connection, table).on_conflict_do_nothing()


def _insert(connection: Connection, table: Table) -> sqlite.Insert | postgresql.Insert:
    return sqlite.insert(table) if connection.dialect.name == "sqlite" else postgresql.insert(table)
