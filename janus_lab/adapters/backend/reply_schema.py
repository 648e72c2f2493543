"""Whether a reply is what a JSON schema allows: the last word on it, whoever wrote the reply and however it was constrained."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, NoReturn

from jsonschema.exceptions import SchemaError, ValidationError, best_match
from jsonschema.validators import Draft202012Validator, validator_for
from referencing import Registry
from referencing.exceptions import Unresolvable

from janus_lab.errors import GrammarRefused, ModelFailed

Schema = Mapping[str, Any]
_ANY_OBJECT: Schema = {"type": "object"}
_NOTHING: Schema = {"not": {}}
_SHOWN = 160


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
    try:
        validator_for(schema, Draft202012Validator).check_schema(schema)
    except (SchemaError, RecursionError) as error:
        raise GrammarRefused(f"the schema is not valid: {_line(error)}", remedy="correct it, then repeat") from error
    if isinstance(schema, bool):
        return {} if schema else _NOTHING
    return schema


def check_reply(text: str, schema: Schema) -> None:
    """Return if the text is JSON that the schema allows. Raises ModelFailed if not, GrammarRefused for a reference to nowhere."""
    try:
        value = json.loads(text, parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        raise _failed("is not JSON", error) from error
    validator = validator_for(schema, Draft202012Validator)(schema, registry=Registry())
    try:
        found = best_match(validator.iter_errors(value))
    except (Unresolvable, RecursionError) as error:
        raise GrammarRefused(
            f"the schema can't be followed: {_line(error)}", remedy="let it refer to nothing but its own parts"
        ) from error
    if found is not None:
        raise _failed("is not what the schema allows", found) from found


def _no_number(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")


def _failed(what: str, error: Exception) -> ModelFailed:
    return ModelFailed(
        f"the model's reply {what}: {_line(error)}",
        remedy="repeat, with more room for the reply or a simpler schema, or choose another model",
    )


def _line(error: Exception) -> str:
    text = error.message if isinstance(error, ValidationError | SchemaError) else str(error)
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())[:_SHOWN]
