"""Values are compared with schemas as JSON Schema says it, and never for long."""

from __future__ import annotations

import json
import random
import time

import pytest

from janus_lab.adapters.backend.openai_request import chat_body
from janus_lab.adapters.backend.reply_schema import check_reply, parse_schema
from janus_lab.adapters.backend.schema_validator import validator
from janus_lab.adapters.backend.structured import effort
from janus_lab.adapters.backend.structured.schema import schema_expression
from janus_lab.errors import GrammarRefused, ModelFailed
from janus_lab.values.generation import GenerationRequest, Message

ENDLESS = "^(a+)+$"
LURE = "a" * 60 + "!"


def ok(schema, value):
    return validator(schema).is_valid(value)


@pytest.fixture(autouse=True)
def _soon():
    """Whatever is compared here, backtracking would take longer than the universe has been there."""
    began = time.thread_time()
    yield
    assert time.thread_time() - began < 20


@pytest.mark.parametrize(
    ("pattern", "found", "missed"),
    [
        (ENDLESS, ["aaa"], ["", LURE]),
        ("^(a|a)*$", ["", "aa"], [LURE]),
        ("(x+x+)+y", ["xxy", "--xxy--"], ["x" * 60]),
        ("^(.*,){20}z$", ["," * 20 + "z"], ["," * 60]),
        (r"^\d{4}-\d\d$", ["2024-01"], ["2024-1", "x2024-01", "2024-01\n"]),
        (r"\s", ["a b", "a\u00a0b", "\u2028"], ["ab", ""]),
        (r"^\S+$", ["grün", "日本"], ["a b", "a\u3000b"]),
        (r"^\W$", ["é", "🦊"], ["e", "_"]),
        (r"^[^\d]$", ["é", "x"], ["4"]),
        ("^.$", ["🦊", "a", "\ud800"], ["\n", "ab", "\r"]),
        ("b", ["abc", "a\nb\nc"], ["ac"]),
        (r"^\u00e9|z$", ["éa", "az"], ["aé"]),
        ("", ["", "anything"], []),
    ],
)
def test_a_pattern_is_looked_for_as_ecmascript_does(pattern, found, missed):
    assert [ok({"pattern": pattern}, text) for text in found] == [True] * len(found)
    assert [ok({"pattern": pattern}, text) for text in missed] == [False] * len(missed)


@pytest.mark.parametrize(
    "schema",
    [
        {"items": {"$schema": "http://json-schema.org/draft-07/schema#", "pattern": ENDLESS}},
        {"$schema": "http://json-schema.org/draft-07/schema#", "items": {"$ref": "#/definitions/a"},
         "definitions": {"a": {"pattern": ENDLESS}}},
        {"$schema": "http://json-schema.org/draft-04/schema#", "items": {"allOf": [{"pattern": ENDLESS}]}},
        {"$schema": "https://json-schema.org/draft/2019-09/schema", "items": {"oneOf": [{"pattern": ENDLESS}]}},
        {"items": {"const": "x"}},
    ],
)  # fmt: skip
def test_no_part_of_a_schema_escapes_the_bounds(schema):
    assert not ok(schema, [LURE])


def test_names_are_looked_at_by_patterns_too():
    schema = {"patternProperties": {ENDLESS: {"type": "integer"}}, "properties": {"b": {}}}
    assert ok({**schema, "additionalProperties": False}, {"aa": 1, "b": "x"})
    assert not ok(schema, {"aa": "x"})
    assert not ok({**schema, "additionalProperties": False}, {LURE: 1})
    assert ok({**schema, "additionalProperties": {"type": "null"}}, {LURE: None})
    assert not ok({**schema, "additionalProperties": {"type": "null"}}, {LURE: 1})
    assert not ok({"propertyNames": {"pattern": ENDLESS}}, {LURE: 1})


@pytest.mark.parametrize(
    "schema",
    [
        {"pattern": "(?=a)b"},
        {"pattern": r"(a)\1"},
        {"pattern": "("},
        {"properties": {"x": {"patternProperties": {"(?!a)": {}}}}},
        {"pattern": "((a?){9999}){9999}"},
        {"pattern": "(((){9999}){9999}){9999}"},
        {"patternProperties": {"a": {}}, "unevaluatedProperties": False},
    ],
)
def test_what_cannot_be_compared_within_bounds_is_refused_before_anybody_is_asked(schema):
    with pytest.raises(GrammarRefused):
        chat_body(GenerationRequest((Message("user", "?"),), 9, schema=json.dumps(schema)), "model", "host")
    with pytest.raises(GrammarRefused):
        schema_expression(json.dumps(schema))


def test_values_that_a_schema_lists_are_compared_within_bounds_too():
    listed = {"type": "string", "enum": [LURE, "aaa"], "pattern": ENDLESS}
    assert schema_expression(json.dumps(listed)) is not None
    with pytest.raises(GrammarRefused, match="no value"):
        schema_expression(json.dumps({**listed, "enum": [LURE]}))


def test_references_that_multiply_are_given_up(monkeypatch):
    monkeypatch.setattr(effort, "EFFORT_AT_MOST", 50_000)
    steps = {f"s{n}": {"oneOf": [{"$ref": f"#/$defs/s{n + 1}"}] * 2} for n in range(40)}
    schema = {"$ref": "#/$defs/s0", "$defs": {**steps, "s40": {"type": "integer"}}}
    with pytest.raises(GrammarRefused, match="too long"):
        check_reply("1", schema)


def test_a_pattern_that_takes_many_states_is_given_up(monkeypatch):
    monkeypatch.setattr(effort, "EFFORT_AT_MOST", 100_000)
    text = "".join(random.Random(1).choices("ab", k=3000))
    with pytest.raises(GrammarRefused, match="too long"):
        check_reply(json.dumps(text), {"pattern": "^(a|b)*a(a|b){150}$"})


def test_a_reply_of_some_length_is_compared_quickly():
    schema = {"type": "array", "items": {"type": "object", "properties": {"day": {"pattern": r"^\d{4}-\d\d-\d\d$"}}}}
    began = time.thread_time()
    check_reply(json.dumps([{"day": "2024-01-01"}] * 3000), parse_schema(json.dumps(schema)))
    assert time.thread_time() - began < 5
    with pytest.raises(ModelFailed, match="does not match"):
        check_reply('[{"day": "soon"}]', schema)
