"""A JSON schema as it came: read, and refused where it is none."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from janus_lab.errors import GrammarRefused, MissingPackage

if TYPE_CHECKING:
    from jsonschema.protocols import Validator

CHARACTERS_AT_MOST = 200_000
DEPTH_AT_MOST = 60
ANY_OBJECT: dict[str, Any] = {"type": "object"}


def parse_schema(text: str) -> Any:
    """The schema in a text; "{}" is any object. Raises GrammarRefused for what is no schema, or too large for one."""
    if len(text) > CHARACTERS_AT_MOST:
        raise GrammarRefused(
            f"the schema has {len(text):,} characters", remedy=f"give one of at most {CHARACTERS_AT_MOST:,}"
        )
    try:
        schema = json.loads(text)
    except RecursionError as error:
        raise too_deep() from error
    except ValueError as error:
        raise GrammarRefused(f"the schema is not JSON: {error}", remedy="give a JSON schema as text") from error
    if _depth(schema) > DEPTH_AT_MOST:
        raise too_deep()
    if schema == {}:
        return ANY_OBJECT
    validator(schema)
    return schema


def validator(schema: Any) -> Validator:
    """What checks values against a schema; it fetches nothing. Raises GrammarRefused for one that is none."""
    try:
        from jsonschema import exceptions, validators
        from referencing import Registry
    except ImportError as error:
        raise MissingPackage(
            "replies that keep a schema need the package jsonschema", remedy="pip install 'janus-lab[starter]'"
        ) from error
    kind = validators.validator_for(schema, default=validators.validator_for({}))
    try:
        kind.check_schema(schema)
    except exceptions.SchemaError as error:
        place = "/".join(map(str, error.absolute_path)) or "its root"
        raise GrammarRefused(
            f"the schema is no JSON schema, at {place}: {error.message[:200]}", remedy="correct it there"
        ) from error
    found: Validator = kind(schema, registry=Registry())
    return found


def too_deep() -> GrammarRefused:
    """The schema goes deeper than anybody reads."""
    return GrammarRefused(
        "the schema is nested too deeply", remedy="move what is within into $defs, and refer to it with $ref"
    )


def _depth(value: Any) -> int:
    """How many lists and objects stand within one another."""
    depth, level = 0, [value]
    while level:
        depth += 1
        if depth > DEPTH_AT_MOST:
            break
        level = [
            inner
            for each in level
            if isinstance(each, dict | list)
            for inner in (each.values() if isinstance(each, dict) else each)
        ]
    return depth
