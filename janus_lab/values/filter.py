"""Conditions on metadata, the same for the document store and the vector store."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Operator(StrEnum):
    """How a condition compares."""

    EQUALS = "="
    NOT_EQUALS = "!="
    AT_LEAST = ">="
    AT_MOST = "<="
    CONTAINS = "contains"
    """The value at the path is a list that holds the given value."""


@dataclass(frozen=True, slots=True)
class Condition:
    """The metadata value at `path` (dots descend, e.g. "author.name") compared with `value`; several conditions all hold."""

    path: str
    operator: Operator
    value: str | int | float | bool
