"""Rows by id or by the first digits of one, as people type them."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Column, Connection, Row, Select, func

_DIGITS = 4
_AMBIGUOUS = 2


def by_prefix(connection: Connection, query: Select[Any], column: Column[Any], wanted: str) -> Row[Any] | None:
    """The row whose `column` is `wanted`, or the only one that begins with it (4 digits at least); else None."""
    exact = connection.execute(query.where(column == wanted)).first()
    if exact is not None or len(wanted) < _DIGITS:
        return exact
    begins = func.substr(column, 1, len(wanted)) == wanted.lower()
    rows = connection.execute(query.where(begins).limit(_AMBIGUOUS)).all()
    return rows[0] if len(rows) == 1 else None
