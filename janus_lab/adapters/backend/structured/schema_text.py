"""A JSON schema as it came: read, and refused where it is none or too large."""

from __future__ import annotations

import json
from typing import Any

from janus_lab.adapters.backend import reply_schema
from janus_lab.errors import GrammarRefused

CHARACTERS_AT_MOST = 200_000
DEPTH_AT_MOST = 60


def parse_schema(text: str) -> Any:
    """The schema in a text; "{}" is any object. Raises GrammarRefused for what is no schema, or too large for one."""
    if len(text) > CHARACTERS_AT_MOST:
        raise GrammarRefused(
            f"the schema has {len(text):,} characters", remedy=f"give one of at most {CHARACTERS_AT_MOST:,}"
        )
    try:
        schema = json.loads(text)
    except (ValueError, RecursionError):
        schema = {}
    if _depth(schema) > DEPTH_AT_MOST:
        raise too_deep()
    return schema if isinstance(schema, bool) else reply_schema.parse_schema(text)


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
