"""What a schema says at one place: its own words, those of what it refers to, and those of all that must hold as well."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from janus_lab.errors import GrammarRefused

Schema = Mapping[str, Any]

VISITED_AT_MOST = 1_000
"""Schemas that must all hold at one place, references among them."""

_NOTES = {
    *("$schema", "$id", "$defs", "definitions", "$comment", "$anchor", "title", "description", "default", "examples"),
    *("deprecated", "readOnly", "writeOnly", "discriminator", "contentMediaType", "contentEncoding", "contentSchema"),
    "additionalItems",
}
"""Words that forbid nothing, or are read with others."""
_REFUSED = {
    *("not", "if", "then", "else", "dependentRequired", "dependentSchemas", "dependencies", "contains"),
    *("patternProperties", "unevaluatedItems", "unevaluatedProperties", "$dynamicRef", "$recursiveRef"),
}
_BOTH = ("items", "additionalProperties", "propertyNames")


@dataclass(slots=True)
class Parts:
    """Words that hold at one place, without references; of each list in `choices` at least one schema must hold as well."""

    words: dict[str, Any] = field(default_factory=dict)
    choices: list[Sequence[Any]] = field(default_factory=list)
    never: bool = False
    """Nothing at all is allowed here."""
    visited: int = 0


def parts(schema: Any, whole: Any) -> Parts:
    """What holds at a place where `schema`, a part of `whole`, stands. Raises GrammarRefused."""
    found = Parts()
    _add(found, schema, whole, ())
    return found


def _add(found: Parts, schema: Any, whole: Any, within: tuple[str, ...]) -> None:
    found.visited += 1
    if found.visited > VISITED_AT_MOST:
        raise GrammarRefused("the schema refers to too much at one place", remedy="say more directly what is allowed")
    if isinstance(schema, bool):
        found.never = found.never or not schema
        return
    if "$ref" in schema:
        target = schema["$ref"]
        if target in within:
            raise GrammarRefused(f"the schema refers at {target} to itself alone", remedy="say there what it allows")
        _add(found, resolve(target, whole), whole, (*within, target))
    for each in schema.get("allOf", ()):
        _add(found, each, whole, within)
    found.choices.extend(schema[name] for name in ("anyOf", "oneOf") if name in schema)
    own = {name: value for name, value in schema.items() if name not in ("$ref", "allOf", "anyOf", "oneOf")}
    _join(found, _understood(own))


def resolve(reference: str, whole: Any) -> Any:
    """The part of a schema that a reference within it names. Raises GrammarRefused for any other: nothing is fetched."""
    if not reference.startswith("#") or (len(reference) > 1 and reference[1] != "/"):
        raise GrammarRefused(
            f"the schema refers to {reference[:80]!r}, which is not a place in it",
            remedy="put what it means into $defs, and refer to #/$defs/NAME",
        )
    place = whole
    for step in reference[2:].split("/") if len(reference) > 1 else ():
        name = step.replace("~1", "/").replace("~0", "~")
        if isinstance(place, list) and name.isdigit() and int(name) < len(place):
            place = place[int(name)]
        elif isinstance(place, dict) and name in place:
            place = place[name]
        else:
            raise GrammarRefused(f"the schema has nothing at {reference[:80]!r}", remedy="correct the reference")
    if not isinstance(place, dict | bool):
        raise GrammarRefused(f"there is no schema at {reference[:80]!r}", remedy="correct the reference")
    return place


def _understood(own: Schema) -> dict[str, Any]:
    """The words that forbid something, in one spelling. Raises GrammarRefused for those that can't be kept to."""
    for name in own:
        if name in _REFUSED or (name == "uniqueItems" and own[name]) or (name == "multipleOf" and own[name] != 1):
            raise GrammarRefused(
                f"a reply can't be kept to {name!r} while it is written",
                remedy=f"leave {name!r} out of the schema, and check it in what comes back",
            )
    words = {name: value for name, value in own.items() if name not in _NOTES}
    if "const" in words:
        words["enum"] = [words.pop("const")]
    if isinstance(words.get("items"), list):
        # As drafts before 2020-12 said it.
        words["prefixItems"] = words.pop("items")
        if "additionalItems" in own:
            words["items"] = own["additionalItems"]
    if words.pop("multipleOf", None) == 1:
        words["type"] = "integer"
    if isinstance(words.get("type"), str):
        words["type"] = [words["type"]]
    return words


def _join(found: Parts, words: dict[str, Any]) -> None:
    _join_properties(found.words, words)
    for name, value in words.items():
        found.words[name] = _both(name, found.words[name], value) if name in found.words else value


def _join_properties(old: dict[str, Any], new: dict[str, Any]) -> None:
    """Properties that only one side names must be what the other says of all others."""
    for one, other in ((old, new), (new, old)):
        rest = other.get("additionalProperties", True)
        if "properties" in one and rest is not True:
            named = other.get("properties", {})
            one["properties"] = {
                name: value if name in named else {"allOf": [value, rest]} for name, value in one["properties"].items()
            }


def _both(name: str, old: Any, new: Any) -> Any:
    """A word for two values that must both hold; of notes, the first."""
    if name in ("pattern", "prefixItems") and old != new:
        raise GrammarRefused(f"a reply can't be kept to two values of {name!r}", remedy="join them into one")
    if name in _BOTH:
        return old if old == new else {"allOf": [old, new]}
    joining = _JOINING.get(name)
    return old if joining is None else joining(old, new)


def _common_values(old: list[Any], new: list[Any]) -> list[Any]:
    kept = {json.dumps(value, sort_keys=True) for value in new}
    return [value for value in old if json.dumps(value, sort_keys=True) in kept]


def _both_required(old: list[str], new: list[str]) -> list[str]:
    return [*old, *(each for each in new if each not in old)]


def _both_properties(old: dict[str, Any], new: dict[str, Any]) -> dict[str, Any]:
    clashing = {key: {"allOf": [value, new[key]]} for key, value in old.items() if new.get(key, value) != value}
    return {**old, **new, **clashing}


def _common_types(old: list[str], new: list[str]) -> list[str]:
    common = [each for each in old if each in new]
    if "integer" not in common and any("integer" in a and "number" in b for a, b in ((old, new), (new, old))):
        common.append("integer")
    return common


_JOINING: dict[str, Callable[[Any, Any], Any]] = {
    "type": _common_types,
    "enum": _common_values,
    "required": _both_required,
    "properties": _both_properties,
    **dict.fromkeys(("minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties"), max),
    **dict.fromkeys(("maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties"), min),
}
