"""Look-ups and writes in batches that every dialect takes: drivers bound the parameters of one statement."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from itertools import islice
from typing import Any

from sqlalchemy import Table
from sqlalchemy.dialects.sqlite import Insert, insert

BATCH = 1000
"""Values in one IN list."""


def batches(values: Collection[str], size: int = BATCH) -> Iterator[list[str]]:
    """The values in lists of at most `size`."""
    remaining = iter(values)
    while batch := list(islice(remaining, size)):
        yield batch


def replacing(table: Table) -> Insert:
    """An INSERT that replaces the row of the same primary key."""
    statement = insert(table)
    keys = {column.name for column in table.primary_key}
    changes: dict[str, Any] = {c.name: statement.excluded[c.name] for c in table.columns if c.name not in keys}
    return statement.on_conflict_do_update(index_elements=sorted(keys), set_=changes)


def keeping(table: Table) -> Insert:
    """An INSERT that leaves the row of the same primary key as it is."""
    return insert(table).on_conflict_do_nothing()
