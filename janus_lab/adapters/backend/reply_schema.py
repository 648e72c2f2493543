"""Whether a reply is what a JSON schema allows: the last word on it, whoever wrote the reply and however it was constrained."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, NoReturn

from janus_lab.adapters.backend.schema_validator import one_line, validator
from janus_lab.errors import GrammarRefused, ModelFailed
from janus_lab.values.generation import FinishReason, Token

Schema = Mapping[str, Any]
_ANY_OBJECT: Schema = {"type": "object"}
_NOTHING: Schema = {"not": {}}


def parse_schema(text: str) -> Schema:
    """The schema that a request's text means; "{}" is any object. Raises GrammarRefused for what is no schema.

    Nothing is fetched for it, whatever it refers to.
    """
    try:
        schema = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise GrammarRefused(f"the schema is not JSON: {error}", remedy="give a JSON schema as text") from error
    if schema == {}:
        return _ANY_OBJECT
    if not isinstance(schema, dict | bool):
        raise GrammarRefused("a schema is a JSON object", remedy="give a JSON schema as text")
    validator(schema)
    if isinstance(schema, bool):
        return {} if schema else _NOTHING
    return schema


def check_reply(text: str, schema: Schema) -> None:
    """Return if the text is JSON that the schema allows. Raises ModelFailed if not.

    Raises GrammarRefused for a reference to nowhere, and where the comparison would take too long.
    """
    check = validator(schema)
    from jsonschema.exceptions import best_match
    from referencing.exceptions import Unresolvable

    try:
        value = json.loads(text, parse_constant=_no_number, object_pairs_hook=_once)
    except (ValueError, RecursionError) as error:
        raise _failed("is not JSON", error) from error
    try:
        found = best_match(check.iter_errors(value))
    except (Unresolvable, RecursionError) as error:
        raise GrammarRefused(
            f"the schema can't be followed: {one_line(error)}", remedy="let it refer to nothing but its own parts"
        ) from error
    if found is not None:
        raise _failed("is not what the schema allows", found) from found


def checked(said: Iterator[Token], schema: str) -> Iterator[Token]:
    """The same stream; where it ends by itself without being what the schema allows, ModelFailed comes instead of its end.

    A reply that was cut short (by `max_tokens`, or cancelled) is not checked: its end says so.
    """
    text = ""
    for token in said:
        text += token.text
        if token.finish is FinishReason.STOP:
            check_reply(text, parse_schema(schema))
        yield token


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    whole = dict(pairs)
    if len(whole) < len(pairs):
        raise ValueError("a name stands twice in one object")
    return whole


def _no_number(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")


def _failed(what: str, error: Exception) -> ModelFailed:
    return ModelFailed(
        f"the model's reply {what}: {one_line(error)}",
        remedy="repeat, with more room for the reply or a simpler schema, or choose another model",
    )
