"""Column types that keep the same values, in the same order, in every dialect."""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import JSON, BigInteger, Dialect, Integer, Text
from sqlalchemy.dialects.postgresql import TEXT
from sqlalchemy.types import TypeDecorator, TypeEngine

_ESCAPE = "\x01"


def escaped(value: str) -> str:
    """A text without NUL, which PostgreSQL refuses. Order and beginnings stay as they were; `plain` undoes it."""
    if "\0" not in value and _ESCAPE not in value:
        return value
    return value.replace(_ESCAPE, "\x01\x02").replace("\0", "\x01\x01")


def plain(value: str) -> str:
    """The text that was escaped."""
    if _ESCAPE not in value:
        return value
    return value.replace("\x01\x01", "\0").replace("\x01\x02", _ESCAPE)


class EscapedText(TypeDecorator[str]):
    """PostgreSQL's text, ordered by code points as SQLite orders it, and able to hold NUL."""

    impl = TEXT
    cache_ok = True

    def __init__(self) -> None:
        super().__init__(collation="C")

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:  # noqa: ARG002 - SQLAlchemy's
        """On the way in."""
        return None if value is None else escaped(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> str | None:  # noqa: ARG002 - SQLAlchemy's
        """On the way out."""
        return None if value is None else plain(value)


class VerbatimJson(TypeDecorator[Any]):
    """JSON as the very text: PostgreSQL's own types refuse NaN, NUL and lone surrogates, and change numbers."""

    impl = TEXT
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:  # noqa: ARG002 - SQLAlchemy's
        """On the way in."""
        return None if value is None else json.dumps(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:  # noqa: ARG002 - SQLAlchemy's
        """On the way out."""
        return None if value is None else json.loads(value)


def characters(sqlite: TypeEngine[str] | None = None) -> TypeEngine[str]:
    """A text; `sqlite` is the type it has there if not TEXT."""
    return (sqlite or Text()).with_variant(EscapedText(), "postgresql")


def stored_json() -> TypeEngine[Any]:
    """A JSON value; None is NULL."""
    return JSON(none_as_null=True).with_variant(VerbatimJson(), "postgresql")


def row_number() -> TypeEngine[int]:
    """A number that the database counts up."""
    return BigInteger().with_variant(Integer(), "sqlite")
