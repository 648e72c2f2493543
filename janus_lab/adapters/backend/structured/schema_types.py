"""What each type of a schema allows: strings, numbers, arrays and objects with the words that belong to them."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from math import isfinite
from typing import Any

from janus_lab.adapters.backend.structured.expressions import Choice, Expression, Numeral
from janus_lab.adapters.backend.structured.numerals import Bounds
from janus_lab.adapters.backend.structured.patterns import read_pattern
from janus_lab.adapters.backend.structured.schema_collections import Places, array_of, object_of
from janus_lab.adapters.backend.structured.writing import literal, quoted, text
from janus_lab.errors import GrammarRefused

Words = Mapping[str, Any]

TYPES = ("object", "array", "string", "number", "boolean", "null")
_BELONGING = {
    "object": ("properties", "required", "additionalProperties", "propertyNames", "minProperties", "maxProperties"),
    "array": ("items", "prefixItems", "minItems", "maxItems"),
    "string": ("minLength", "maxLength", "pattern", "format"),
    "number": ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"),
}
_HOUR = "(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]"
_DAY = "[0-9]{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|1[0-9]|2[0-8])"
_ZONE = "(?:Z|[+-](?:0[0-9]|1[0-4]):[0-5][0-9])"
_FORMATS = {
    "date": f"^{_DAY}$",
    "time": f"^{_HOUR}{_ZONE}$",
    "date-time": f"^{_DAY}T{_HOUR}{_ZONE}$",
    "uuid": "^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$",
    "email": "^[a-z0-9._-]{1,64}@[a-z0-9-]{1,63}(?:[.][a-z0-9-]{1,63}){1,4}$",
}
"""Formats that the reply keeps; others are notes. Days end at the 28th, so that each one exists."""


def types_of(words: Words) -> list[str]:
    """The types that a value may have: as the schema says, else those that its words belong to, else all."""
    if "type" in words:
        return list(words["type"])
    return [kind for kind, belonging in _BELONGING.items() if any(word in words for word in belonging)] or list(TYPES)


def of_type(kind: str, words: Words, places: Places) -> Expression:
    """Values of one type."""
    if kind == "object":
        return object_of(words, places)
    if kind == "array":
        return array_of(words, places)
    if kind == "string":
        return _string(words)
    if kind == "boolean":
        return Choice([literal(True), literal(False)])
    if kind == "null":
        return literal(None)
    return Numeral(_bounds(words, whole=kind == "integer"))


def _string(words: Words) -> Expression:
    least, most = int(words.get("minLength", 0)), words.get("maxLength")
    pattern = words.get("pattern") or _FORMATS.get(str(words.get("format")))
    if pattern is None:
        return text(least, None if most is None else int(most))
    found = read_pattern(pattern)
    if found.shortest < least or (most is not None and (found.longest is None or found.longest > most)):
        raise GrammarRefused(
            f"a string can't be kept to the pattern {pattern[:80]!r} and to a length at once",
            remedy="say the length in the pattern, such as ^[a-z]{2,8}$",
        )
    return quoted(found.expression)


def _bounds(words: Words, *, whole: bool) -> Bounds:
    least, least_open = _bound(words, "minimum", "exclusiveMinimum", max)
    most, most_open = _bound(words, "maximum", "exclusiveMaximum", min)
    return Bounds(whole, least, most, least_open, most_open)


def _bound(words: Words, closed: str, opened: str, tighter: Any) -> tuple[Fraction | None, bool]:
    """The tighter of two bounds, and whether it is left out itself."""
    inner, outer = _exact(words.get(closed)), words.get(opened)
    if isinstance(outer, bool):
        # As draft 4 said it.
        return inner, outer and inner is not None
    limit = _exact(outer)
    if limit is None or inner is None:
        return (inner, False) if limit is None else (limit, True)
    return (limit, True) if tighter(inner, limit) == limit else (inner, False)


def _exact(number: float | None) -> Fraction | None:
    """The number as it was written; none where it says nothing, as beyond what a double holds."""
    return None if number is None or not isfinite(number) else Fraction(str(number))
