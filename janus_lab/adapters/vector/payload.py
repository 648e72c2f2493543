"""Payloads and conditions as every engine of Qdrant's family keeps them; each adapter says the clauses in its own types.

A key tells what it holds, so that `EQUALS` sees scalars only, `CONTAINS` lists only, and unlike kinds never meet: "t:" and
"T:" for one text and many, "n:" and "N:" for numbers, "b:" and "B:" for truth values, then the path as one literal name.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from janus_lab.values.filter import Condition, Operator
from janus_lab.values.metadata import Scalar


class IndexKind(StrEnum):
    """How a key is indexed."""

    KEYWORD = "keyword"
    FLOAT = "float"


@dataclass(frozen=True, slots=True)
class OneOf:
    """The value under the key is one of these texts."""

    key: str
    texts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Within:
    """The number under the key lies within these bounds, both included; None bounds nothing."""

    key: str
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class Clauses:
    """What must hold and what must not."""

    must: tuple[OneOf | Within, ...] = ()
    must_not: tuple[OneOf | Within, ...] = ()

    @property
    def impossible(self) -> bool:
        """Whether no point can fulfil them: nothing needs to be asked then."""
        return any(isinstance(clause, OneOf) and not clause.texts for clause in self.must)


Indexed = Callable[[str, IndexKind], None]
"""Makes sure that a key is indexed."""
Values = Callable[[str], Iterable[str]]
"""Every text that stands under a key."""

DOCUMENT_KEY = '"t:document_id"'
"""The key that is indexed from the beginning."""
_KINDS = {"t": IndexKind.KEYWORD, "n": IndexKind.FLOAT, "b": IndexKind.KEYWORD}
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


def clauses_for(conditions: Sequence[Condition], *, indexed: Indexed, values: Values) -> Clauses:
    """Conditions that must all hold, as clauses."""
    made = [(condition.operator, _clause(condition, indexed, values)) for condition in conditions]
    return Clauses(
        must=tuple(clause for operator, clause in made if operator is not Operator.NOT_EQUALS),
        must_not=tuple(clause for operator, clause in made if operator is Operator.NOT_EQUALS),
    )


def _clause(condition: Condition, indexed: Indexed, values: Values) -> OneOf | Within:
    kind, value = _typed(condition.value)
    prefix = kind.upper() if condition.operator is Operator.CONTAINS else kind
    key = f'"{prefix}:{_escaped(condition.path)}"'
    indexed(key, _KINDS[kind])
    at_least = condition.operator is Operator.AT_LEAST
    ordered = at_least or condition.operator is Operator.AT_MOST
    if isinstance(value, float):
        return Within(key, None if condition.operator is Operator.AT_MOST else value, None if at_least else value)
    if ordered:
        # The engine orders numbers and dates; the texts that are in order are named one by one.
        return OneOf(key, tuple(text for text in values(key) if (text >= value if at_least else text <= value)))
    return OneOf(key, (value,))


def _typed(value: Scalar) -> tuple[str, str | float]:
    if isinstance(value, str):
        return "t", value
    if isinstance(value, bool):
        # The driver takes a Python bool for an integer.
        return "b", "1" if value else "0"
    return "n", float(value)


def _escaped(path: str) -> str:
    return path.translate(_ESCAPES)
