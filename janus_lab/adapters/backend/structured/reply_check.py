"""Whether a whole reply is what a schema asks for: the last word, whoever wrote it and however it was kept to it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import islice
from typing import Any

from janus_lab.adapters.backend.structured.schema_text import parse_schema, validator
from janus_lab.errors import ModelFailed
from janus_lab.values.generation import FinishReason, Token

_REMEDY = "repeat with another seed or a larger max_tokens, or loosen the schema"


def require_schema(reply: str, schema: str) -> None:
    """Raise ModelFailed if the reply is no JSON, or none that the schema (as text) allows; GrammarRefused if that is none."""
    check = validator(parse_schema(schema))
    try:
        value = json.loads(reply, object_pairs_hook=_once, parse_constant=_refuse)
        errors = list(islice(check.iter_errors(value), 1))
    except (ValueError, RecursionError) as error:
        raise ModelFailed(f"the model's reply is no JSON: {error}", remedy=_REMEDY) from error
    for wrong in errors:
        place = "/".join(map(str, wrong.absolute_path)) or "its root"
        raise ModelFailed(
            f"the model's reply is not what the schema asks for, at {place}: {wrong.message[:200]}", remedy=_REMEDY
        )


def checked(said: Iterator[Token], schema: str) -> Iterator[Token]:
    """The same stream; where it ends by itself without being what the schema allows, ModelFailed comes instead of its end.

    A reply that was cut short (by `max_tokens`, or cancelled) is not checked: its end says so.
    """
    text = ""
    for token in said:
        text += token.text
        if token.finish is FinishReason.STOP:
            require_schema(text, schema)
        yield token


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    whole = dict(pairs)
    if len(whole) < len(pairs):
        raise ValueError("a name stands twice in one object")
    return whole


def _refuse(name: str) -> float:
    raise ValueError(f"{name} is no number in JSON")
