"""Conditions on metadata, the same for the document store and the vector store."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Operator(StrEnum):
    """How a condition compares. Text compares by code points, numbers as numbers; unlike kinds are never equal or ordered."""

    EQUALS = "="
    NOT_EQUALS = "!="
    """Holds wherever EQUALS does not, also where there is no value at the path."""
    AT_LEAST = ">="
    AT_MOST = "<="
    CONTAINS = "contains"
    """The value at the path is a list that holds the given value."""


@dataclass(frozen=True, slots=True)
class Condition:
    """The metadata value at `path` compared with `value`; several conditions all hold.

    Dots descend (e.g. "author.name"), as in `metadata.flat_metadata`. All but CONTAINS and NOT_EQUALS look at scalars only.
    """

    path: str
    operator: Operator
    value: str | int | float | bool
