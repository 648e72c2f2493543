"""Payloads and conditions in the engine's terms.

A key tells what it holds, so that `EQUALS` sees scalars only, `CONTAINS` lists only, and unlike kinds never meet: "t:" and
"T:" for one text and many, "n:" and "N:" for numbers, "b:" and "B:" for truth values, then the path as one literal name.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import qdrant_edge as edge

from janus_lab.values.filter import Condition, Operator
from janus_lab.values.metadata import Scalar

Indexed = Callable[[str, edge.PayloadSchemaType], None]
"""Makes sure that a key is indexed."""
Values = Callable[[str], Iterable[str]]
"""Every text that stands under a key."""

_SCHEMAS = {
    "t": edge.PayloadSchemaType.Keyword,
    "n": edge.PayloadSchemaType.Float,
    "b": edge.PayloadSchemaType.Keyword,
}
# In a quoted key only these two mean something to the engine; "%" keeps their replacements apart from the same text.
_ESCAPES = str.maketrans({"%": "%25", '"': "%22", "\\": "%5C"})


def encoded(payload: Mapping[str, Scalar | Sequence[Scalar]]) -> dict[str, Any]:
    """A payload as the engine keeps it."""
    stored: dict[str, Any] = {}
    for path, value in payload.items():
        if isinstance(value, (str, int, float)):
            kind, scalar = _typed(value)
            stored[f"{kind}:{_escaped(path)}"] = scalar
            continue
        for element in value:
            kind, scalar = _typed(element)
            stored.setdefault(f"{kind.upper()}:{_escaped(path)}", []).append(scalar)
    return stored


def filter_for(conditions: Sequence[Condition], *, indexed: Indexed, values: Values) -> edge.Filter | None:
    """The engine's filter for conditions that must all hold; None where there are none."""
    if not conditions:
        return None
    must: list[Any] = []
    must_not: list[Any] = []
    for condition in conditions:
        clauses = must_not if condition.operator is Operator.NOT_EQUALS else must
        clauses.append(_clause(condition, indexed, values))
    return edge.Filter(must=must, must_not=must_not)


def _clause(condition: Condition, indexed: Indexed, values: Values) -> edge.FieldCondition:
    kind, value = _typed(condition.value)
    prefix = kind.upper() if condition.operator is Operator.CONTAINS else kind
    key = f'"{prefix}:{_escaped(condition.path)}"'
    indexed(key, _SCHEMAS[kind])
    at_least = condition.operator is Operator.AT_LEAST
    ordered = at_least or condition.operator is Operator.AT_MOST
    if isinstance(value, float):
        low = None if condition.operator is Operator.AT_MOST else value
        return edge.FieldCondition(key, range=edge.RangeFloat(gte=low, lte=None if at_least else value))
    if ordered:
        # The engine orders numbers and dates; the texts that are in order are named one by one.
        fitting = [text for text in values(key) if (text >= value if at_least else text <= value)]
        return edge.FieldCondition(key, match=edge.MatchAny(fitting))
    return edge.FieldCondition(key, match=edge.MatchValue(value))


def _typed(value: Scalar) -> tuple[str, str | float]:
    if isinstance(value, str):
        return "t", value
    if isinstance(value, bool):
        # The driver takes a Python bool for an integer.
        return "b", "1" if value else "0"
    return "n", float(value)


def _escaped(path: str) -> str:
    return path.translate(_ESCAPES)
