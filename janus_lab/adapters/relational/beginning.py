"""The first members of a long JSON object, read without the rest of it."""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import Column, ColumnElement, Dialect, Text, func, type_coerce
from sqlalchemy.types import TypeDecorator

LONGEST = 4000
"""Characters that are read of an object."""

_DECODER = json.JSONDecoder()


def beginning(column: Column[Any]) -> ColumnElement[Any]:
    """A column of JSON objects: short ones whole, long ones only with those first members that end within `LONGEST`."""
    return type_coerce(func.substr(type_coerce(column, Text()), 1, LONGEST), _Beginning())


class _Beginning(TypeDecorator[Any]):
    impl = Text
    cache_ok = True

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:  # noqa: ARG002 - SQLAlchemy's
        """On the way out."""
        if value is None:
            return None
        return first_members(value) if len(value) >= LONGEST else json.loads(value)


def first_members(written: str) -> dict[str, Any]:
    """The members of a JSON object, as `json.dumps` writes it, that a text which may be cut off anywhere holds whole."""
    members: dict[str, Any] = {}
    at = 1
    try:
        while True:
            name, at = _DECODER.raw_decode(written, at)
            value, at = _DECODER.raw_decode(written, at + len(": "))
            # A number that is cut off looks like a shorter one, with "." or "e" behind it perhaps.
            if written[at : at + 1] not in {",", "}"}:
                return members
            members[name] = value
            at += len(", ")
    except ValueError:
        return members
