"""Schemas: whatever is written along one is what it allows; what can't be kept to is refused, and nothing takes long."""

from __future__ import annotations

import json
import time
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schema_walks import automaton, walk

from janus_lab.adapters.backend.reply_schema import check_reply, parse_schema
from janus_lab.errors import GrammarRefused

POINT = {"type": "object", "properties": {"x": {"type": "number"}, "y": {"type": "number"}}, "required": ["x"]}
LIST = {
    "$defs": {
        "node": {
            "type": "object",
            "properties": {
                "value": {"enum": ["a", 'é\n"', 3, None, {"deep": [1, 2]}]},
                "next": {"anyOf": [{"$ref": "#/$defs/node"}, {"type": "null"}]},
            },
            "required": ["value", "next"],
        }
    },
    "$ref": "#/$defs/node",
}
TAGGED = {
    "$defs": {
        "add": {"type": "object", "properties": {"op": {"const": "add"}, "terms": {"type": "array", "items": {"$ref": "#/$defs/any"}, "maxItems": 2}}, "required": ["op", "terms"]},
        "number": {"type": "object", "properties": {"op": {"const": "number"}, "is": {"type": "integer"}}, "required": ["op", "is"]},
        "any": {"oneOf": [{"$ref": "#/$defs/add"}, {"$ref": "#/$defs/number"}], "discriminator": {"propertyName": "op"}},
    },
    "$ref": "#/$defs/any",
}  # fmt: skip
SCHEMAS = {
    "any object": {},
    "anything": True,
    "point": POINT,
    "recursive": LIST,
    "tagged": TAGGED,
    "optional first": {"type": "object", "properties": {n: {"type": "null"} for n in "abcde"}, "required": ["c"]},
    "closed": {**POINT, "additionalProperties": False},
    "open": {**POINT, "properties": {"ab": {}, "a": {}}, "required": ["a"], "additionalProperties": {"type": "boolean"}},
    "map": {"type": "object", "additionalProperties": {"type": "integer"}, "maxProperties": 3},
    "named map": {"type": "object", "propertyNames": {"enum": ["a", "b"]}, "additionalProperties": {"type": "null"}, "maxProperties": 1},
    "required only": {"type": "object", "required": ["a", "b"]},
    "array": {"type": "array", "items": {"type": "string", "minLength": 2, "maxLength": 3}, "minItems": 2, "maxItems": 4},
    "no items": {"type": "array", "items": False},
    "tuple": {"type": "array", "prefixItems": [{"type": "integer"}, {"type": "null"}], "minItems": 1},
    "long tuple": {"type": "array", "prefixItems": [{"type": "integer"}], "items": {"type": "boolean"}, "minItems": 3},
    "old tuple": {"$schema": "http://json-schema.org/draft-07/schema#", "type": "array", "items": [{"type": "null"}], "additionalItems": False},
    "integers": {"type": "integer", "minimum": -17, "exclusiveMaximum": 205},
    "negative": {"type": "integer", "maximum": -3},
    "share": {"type": "number", "minimum": 0, "maximum": 1},
    "open share": {"type": "number", "exclusiveMinimum": -0.05, "exclusiveMaximum": 0.125},
    "old bounds": {"$schema": "http://json-schema.org/draft-04/schema#", "type": "number", "minimum": 2, "exclusiveMinimum": True, "maximum": 3},
    "pattern": {"type": "string", "pattern": r"^([A-Z]{2,3}-\d+|[^a-z\"\\]{1,4}\.)$"},
    "loose pattern": {"type": "string", "pattern": "a|b$|^c"},
    "controls": {"type": "string", "pattern": r"^[\t\n\"\\]{3}$"},
    "counted pattern": {"type": "string", "pattern": "^[a-z]{2,3}$", "minLength": 1, "maxLength": 3},
    "date": {"type": "string", "format": "date-time"},
    "types": {"type": ["integer", "null"], "minimum": 3, "maximum": 5},
    "both": {"allOf": [POINT, {"properties": {"x": {"minimum": 4, "maximum": 9}, "z": {"type": "null"}}, "required": ["z"]}]},
    "beside a reference": {"$defs": {"p": POINT}, "$ref": "#/$defs/p", "required": ["y"]},
    "enum within": {"enum": [1, "a", 2.5, None], "type": ["number", "string"]},
    "choice with words": {"type": "object", "properties": {"a": {"type": "null"}}, "anyOf": [{"required": ["a"]}, {"properties": {"b": {"type": "null"}}, "required": ["b"]}]},
    "impossible choice": {"anyOf": [{"type": "integer", "minimum": 5, "maximum": 4}, {"const": "ok"}]},
    "whole number": {"type": "number", "multipleOf": 1},
}  # fmt: skip


def test_many_values_may_be_listed():
    values = [*(f"value {n}" for n in range(900)), *range(900), None, {"a": [1]}, {"a": [2]}]
    listed = automaton(json.dumps({"enum": values}))

    def allowed(text):
        state = listed.read(listed.start, text.encode())
        return state is not None and state.ends

    assert all(allowed(json.dumps(value)) for value in values)
    assert not any(map(allowed, ('"value 900"', "900", '"value"', "{", '{"a": [3]}')))


@pytest.mark.parametrize("name", SCHEMAS)
def test_whatever_is_written_along_a_schema_is_allowed_by_it(name):
    schema = json.dumps(SCHEMAS[name])
    along, random = automaton(schema), Random(name)
    ended = [text for _ in range(20) if (text := walk(along, random)) is not None]
    assert len(ended) > 10
    for text in ended:
        check_reply(text, parse_schema(schema))


def test_what_a_schema_allows_can_be_written_along_it():
    for name, values in {
        "point": ['{"x":1}', '{"x": -1.5e3, "y": 0}', '{\n  "x": 1,\n  "y": 2\n}'],
        "open": ['{"a": 1}', '{"ab": [], "a": {}, "b": true, "abc": false}'],
        "tagged": ['{"op": "add", "terms": [{"op": "number", "is": 3}]}'],
        "integers": ["-17", "0", "204"],
        "share": ["0", "1", "0.5", "1.0", "0.0001"],
        "loose pattern": ['"xxa"', '"b"', '"cxx"'],
        "any object": ['{"a": {"b": [1, "\\u00e9\\n", null]}}', "{}"],
    }.items():
        along = automaton(json.dumps(SCHEMAS[name]))
        for value in values:
            end = along.read(along.start, value.encode())
            assert end is not None and end.ends, (name, value)  # noqa: PT018


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("integers", "-18"),
        ("integers", "205"),
        ("integers", "00"),
        ("share", "1.01"),
        ("share", "1e0"),
        ("open share", "0.125"),
        ("open", '{"a": 1, "a"'),
        ("closed", '{"x": 1, "z"'),
        ("array", '["ab"]'),
        ("any object", "["),
        ("any object", '{"a": "\n'),
        ("any object", '{"a": "\\ud800"'),
        ("anything", '"\\x'),
        ("pattern", '"AB-"'),
    ],
)
def test_what_a_schema_forbids_cannot_be_written_along_it(name, text):
    along = automaton(json.dumps(SCHEMAS[name]))
    end = along.read(along.start, text.encode())
    assert end is None or not end.ends


@pytest.mark.parametrize(
    ("schema", "told"),
    [
        ("{", "not JSON"),
        ("[]", "schema is"),
        ('"text"', "schema is"),
        ('{"type": "king"}', "schema is not valid"),
        ('{"minLength": -1}', "schema is"),
        ("[" * 100_000, "not JSON"),
        ('{"not": ' * 70 + "{}" + "}" * 70, "nested too deeply"),
        ('{"not": {}}', "'not'"),
        ('{"if": {}, "then": {}}', "'if'"),
        ('{"uniqueItems": true}', "'uniqueItems'"),
        ('{"multipleOf": 3}', "'multipleOf'"),
        ('{"patternProperties": {}}', "'patternProperties'"),
        ('{"$ref": "http://localhost/x"}', "not a place in it"),
        ('{"$ref": "file:///etc/passwd"}', "not a place in it"),
        ('{"$ref": "#/nowhere"}', "nothing at"),
        ('{"$ref": "#"}', "itself alone"),
        ('{"$defs": {"a": {"$ref": "#/$defs/b"}, "b": {"$ref": "#/$defs/a"}}, "$ref": "#/$defs/a"}', "itself alone"),
        ('{"$defs": {"a": 3}, "$ref": "#/$defs/a"}', "no"),
        ("false", "no value that ends"),
        ('{"type": "integer", "minimum": 3, "maximum": 2}', "no value that ends"),
        ('{"type": "object", "properties": {"a": {"$ref": "#"}}, "required": ["a"]}', "no value that ends"),
        ('{"enum": [1, 2], "type": "string"}', "no value that ends"),
        ('{"type": "array", "minItems": 2, "maxItems": 1}', "no value that ends"),
        ('{"type": "string", "pattern": "(?=a)"}', "look around"),
        ('{"type": "string", "pattern": "(a)\\\\1"}', "the escape"),
        ('{"type": "string", "pattern": "a\\\\b"}', "the escape"),
        ('{"type": "string", "pattern": "^a{20000}$"}', "repeat"),
        ('{"type": "string", "pattern": "^a+$", "maxLength": 4}', "to a length at once"),
        ('{"allOf": [{"pattern": "a"}, {"pattern": "b"}]}', "two values of 'pattern'"),
        ('{"properties": {"a": {}}, "minProperties": 1}', "to a count"),
        (json.dumps({"enum": list(range(3000))}), "3,000 values"),
        (json.dumps({"anyOf": [{"const": n} for n in range(100)]}), "100 combinations"),
        (json.dumps({"description": "x" * 300_000}), "300,0"),
        (json.dumps({"allOf": [{"$ref": "#/$defs/0"}], "$defs": {str(n): {"allOf": [{"$ref": f"#/$defs/{n + 1}"}] * 2} for n in range(40)} | {"40": {}}}), "too much"),
    ],
)  # fmt: skip
def test_a_schema_that_cannot_be_kept_is_refused_soon(schema, told):
    began = time.process_time()
    with pytest.raises(GrammarRefused, match=told):
        automaton(schema)
    assert time.process_time() - began < 3


def test_a_schema_that_refers_on_and_on_takes_its_time_and_no_stack():
    chain = {str(n): {"properties": {"a": {"$ref": f"#/$defs/{n + 1}"}}} for n in range(900)}
    along = automaton(json.dumps({"$ref": "#/$defs/0", "$defs": {**chain, "900": {"type": "null"}}}))
    text = '{"a":' * 900 + "null" + "}" * 900
    end = along.read(along.start, text.encode())
    assert end is not None
    assert end.ends


def test_references_to_references_end_in_a_refusal():
    chain = {str(n): {"$ref": f"#/$defs/{n + 1}"} for n in range(900)}
    with pytest.raises(GrammarRefused):
        automaton(json.dumps({"$ref": "#/$defs/0", "$defs": {**chain, "900": {"$ref": "#/$defs/0"}}}))


def test_a_schema_with_too_many_readings_ends_in_a_refusal_and_not_in_a_standstill():
    """Each bracket doubles the ways in which the text may be read."""
    half = {"type": "array", "items": {"$ref": "#"}, "maxItems": 3}
    along = automaton(json.dumps({"anyOf": [half, {**half, "minItems": 1}, {"const": 0}]}))
    began = time.process_time()
    with pytest.raises(GrammarRefused, match="too many ways"):
        along.read(along.start, b"[" * 60)
    assert time.process_time() - began < 3


_leaves = st.one_of(
    st.builds(
        lambda a, b: {"type": "integer", "minimum": a, "maximum": a + b}, st.integers(-300, 300), st.integers(0, 200)
    ),
    st.builds(
        lambda a, b: {"type": "number", "minimum": a / 8, "maximum": (a + b) / 8},
        st.integers(-50, 50),
        st.integers(1, 60),
    ),
    st.builds(
        lambda a, b: {"type": "string", "minLength": a, "maxLength": a + b}, st.integers(0, 4), st.integers(0, 4)
    ),
    st.builds(lambda v: {"enum": v}, st.lists(st.text(max_size=4) | st.integers() | st.none(), min_size=1, max_size=3)),
    st.sampled_from([{"type": "boolean"}, {"type": "null"}, {"type": ["null", "integer"]}]),
)


def _within(inner):
    names = st.text(min_size=1, max_size=3)
    objects = st.builds(
        lambda p, r, more: {"type": "object", "properties": p, "required": sorted(p)[:r], "additionalProperties": more},
        st.dictionaries(names, inner, max_size=4),
        st.integers(0, 4),
        st.booleans(),
    )
    arrays = st.builds(
        lambda i, a, b: {"type": "array", "items": i, "minItems": a, "maxItems": a + b},
        inner,
        st.integers(0, 2),
        st.integers(0, 2),
    )
    return objects | arrays | st.builds(lambda a, b: {"anyOf": [a, b]}, inner, inner)  # fmt: skip


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.recursive(_leaves, _within, max_leaves=6), st.randoms(use_true_random=False))
def test_whatever_schema_is_made_up_is_kept(schema, random):
    text = json.dumps(schema)
    along = automaton(text)
    for _ in range(3):
        reply = walk(along, random)
        if reply is not None:
            check_reply(reply, parse_schema(text))
