"""Rows of a query to the graph as plain text."""

from __future__ import annotations

import json

from janus_lab.verbs.listings import Rows
from janus_lab.verbs.plain.printable import one_line
from janus_lab.verbs.plain.table import table

LONGEST_CELL = 60


def rows(value: Rows) -> str:
    """A table with a column for each name that the query returns."""
    if not value:
        return "no rows"
    return table([one_line(name, LONGEST_CELL) for name in value[0]], cells(value, LONGEST_CELL))


def cells(value: Rows, limit: int) -> list[tuple[str, ...]]:
    """Every value on one line of at most `limit` characters; what is no text as JSON."""
    return [tuple(one_line(_written(cell), limit) for cell in row.values()) for row in value]


def _written(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
