"""Arrays and objects of a schema, their members in the schema's order."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from janus_lab.adapters.backend.structured.expressions import (
    NOTHING,
    Bytes,
    Choice,
    Expression,
    Repeat,
    Rule,
    Sequel,
    optional,
)
from janus_lab.adapters.backend.structured.writing import BREAK, COLON, COMMA, literal, other_key, text
from janus_lab.errors import GrammarRefused

Words = Mapping[str, Any]


class Places(Protocol):
    """Gives the rule for a schema that stands within another."""

    def place(self, schema: Any) -> Rule:
        """The rule for values that `schema` allows."""
        ...


def array_of(words: Words, places: Places) -> Expression:
    """Arrays; without a word on further items, none come after those that have a schema each."""
    least = int(words.get("minItems", 0))
    most = None if words.get("maxItems") is None else int(words["maxItems"])
    if most is not None and most < least:
        return Choice([])
    named = words.get("prefixItems", ())[:most]
    further = words.get("items", not named or least > len(named))
    rest: Expression = _repeated(Sequel(COMMA, places.place(further)), least - len(named), most, len(named))
    for number in range(len(named) - 1, 0, -1):
        next_one = Sequel(COMMA, places.place(named[number]), rest)
        rest = next_one if number < least else optional(next_one)
    if named:
        inner: Expression = Sequel(places.place(named[0]), rest)
    else:
        item = places.place(further)
        inner = Sequel(item, _repeated(Sequel(COMMA, item), least - 1, most, 1))
    whole: list[Expression] = [] if most == 0 else [Sequel(Bytes(b"["), BREAK, inner, BREAK, Bytes(b"]"))]
    return Choice([*whole, Bytes(b"[]")] if least == 0 else whole)


def _repeated(item: Expression, least: int, most: int | None, before: int) -> Expression:
    """The items after the first `before` ones."""
    return Repeat(item, max(least, 0), None if most is None else max(most - before, 0))


def object_of(words: Words, places: Places) -> Expression:
    """Objects: properties in the schema's order, then those that it requires without naming, then others if it says so."""
    named = dict(words.get("properties", {}))
    required = words.get("required", ())
    others = words.get("additionalProperties", not named and not required)
    for name in required:
        named.setdefault(name, words.get("additionalProperties", True))
    _refuse_counts(words, named, others)
    after, start = _others(words, named, others, places)
    for name, schema in reversed(named.items()):
        member = Sequel(literal(name), COLON, places.place(schema))
        after, start = _before(member, after, start, needed=name in required)
    return Sequel(Bytes(b"{"), BREAK, start, BREAK, Bytes(b"}"))


def _before(member: Expression, after: Expression, start: Expression, *, needed: bool) -> tuple[Rule, Rule]:
    """What may come after a member and at the start, when this one comes next."""
    later, first = Rule(), Rule()
    with_comma, alone = Sequel(COMMA, member, after), Sequel(member, after)
    later.body = with_comma if needed else Choice([with_comma, after])
    first.body = alone if needed else Choice([alone, start])
    return later, first


def _others(words: Words, named: Words, others: Any, places: Places) -> tuple[Expression, Expression]:
    """Members that have no name in the schema: after another one, and as the first ones."""
    if others is False:
        return NOTHING, NOTHING
    if "propertyNames" in words:
        key: Expression = places.place({"allOf": [{"type": "string"}, words["propertyNames"]]})
    else:
        key = other_key(list(named)) if named else text()
    member = Sequel(key, COLON, places.place(others))
    if named:
        after = Repeat(Sequel(COMMA, member))
        return after, optional(Sequel(member, after))
    least = int(words.get("minProperties", 0))
    most = None if words.get("maxProperties") is None else int(words["maxProperties"])
    if most is not None and most < max(least, 1):
        return NOTHING, Choice([NOTHING] if least == 0 else [])
    filled = Sequel(member, _repeated(Sequel(COMMA, member), least - 1, most, 1))
    return NOTHING, filled if least else optional(filled)


def _refuse_counts(words: Words, named: Words, others: Any) -> None:
    """Members can be counted where none has a name of its own; otherwise a count must hold anyway."""
    least, most = words.get("minProperties", 0), words.get("maxProperties")
    too_few = least > len(words.get("required", ()))
    too_many = most is not None and (others is not False or most < len(named))
    if named and ("propertyNames" in words or too_few or too_many):
        raise GrammarRefused(
            "an object that names its properties can't be kept to a count or a kind of names as well",
            remedy="leave out minProperties, maxProperties and propertyNames there, or properties",
        )
