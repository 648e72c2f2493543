"""Rows by id or by the first digits of one, as people type them."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Column, Connection, Row, Select

from janus_lab.errors import AmbiguousId, NotFound

LAST = chr(0x10FFFF)
"""The last character there is: what begins with a text lies between that text and that text with this behind it."""

_DIGITS = 4
_AMBIGUOUS = 2


def by_prefix(connection: Connection, query: Select[Any], column: Column[Any], wanted: str, *, noun: str) -> Row[Any]:
    """The row whose `column` is `wanted`, or the only one that begins with it (4 digits at least).

    Raises NotFound where there is none, AmbiguousId where there are several; both call a row a `noun`.
    """
    exact = connection.execute(query.where(column == wanted)).first()
    if exact is not None:
        return exact
    if len(wanted) >= _DIGITS:
        begins = wanted.lower()
        rows = connection.execute(query.where(column >= begins, column < begins + LAST).limit(_AMBIGUOUS)).all()
        if len(rows) == _AMBIGUOUS:
            raise AmbiguousId(f"several {noun}s begin with {wanted!r}", remedy="give more digits of the id")
        if rows:
            return rows[0]
    raise NotFound(f"there is no {noun} {wanted!r}", remedy=_remedy(noun, wanted))


def _remedy(noun: str, wanted: str) -> str:
    verb = "docs" if noun == "document" else "runs"
    digits = f"; of an id, give {_DIGITS} digits at least" if len(wanted) < _DIGITS else ""
    return f"list {noun}s with `janus {verb}`{digits}"
