"""Metadata as rows to be looked up, and conditions as queries over them."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, not_, select

from janus_lab.adapters.relational.bounded import bounded
from janus_lab.adapters.relational.schema import doc_term, document
from janus_lab.values.filter import Condition, Operator
from janus_lab.values.metadata import Scalar, flat_metadata

_TEXT, _NUMBER, _FLAG = "text", "number", "flag"
LONGEST = 200
"""Characters of a path or text that an index keeps."""


def term_rows(number: int, metadata: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """The terms of document `number`: one row for each scalar, one for each element of a list."""
    for path, value in flat_metadata(metadata).items():
        many = isinstance(value, list)
        elements: Sequence[Scalar] = value if isinstance(value, list) else (value,)
        for element in elements:
            yield {"document": number, "path": path, "many": many, **_stored(element)}


def meets(condition: Condition) -> ColumnElement[bool]:
    """A condition as a clause over the `document` table."""
    if condition.operator is Operator.NOT_EQUALS:
        return not_(meets(Condition(condition.path, Operator.EQUALS, condition.value)))
    return document.c.number.in_(looked_up(condition))


def looked_up(condition: Condition) -> Select[tuple[int]]:
    """The numbers of the documents that have a term as any condition but NOT_EQUALS asks for."""
    term = _stored(condition.value)
    column = doc_term.c.number if term["text"] is None else doc_term.c.text
    value = term["number"] if term["text"] is None else term["text"]
    comparison = {
        Operator.EQUALS: column == value,
        Operator.CONTAINS: column == value,
        Operator.AT_LEAST: column >= value,
        Operator.AT_MOST: column <= value,
    }[condition.operator]
    return select(doc_term.c.document).where(
        doc_term.c.path == condition.path,
        doc_term.c.kind == term["kind"],
        doc_term.c.many.is_(condition.operator is Operator.CONTAINS),
        comparison,
    )


def _stored(value: Scalar) -> dict[str, Any]:
    if isinstance(value, str):
        return {"kind": _TEXT, "text": bounded(value, LONGEST), "number": None}
    kind = _FLAG if isinstance(value, bool) else _NUMBER
    return {"kind": kind, "text": None, "number": as_float(value)}


def as_float(value: float) -> float:
    """A number as indexes compare it; one that is too big counts as infinite."""
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf
