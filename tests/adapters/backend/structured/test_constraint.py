"""Tokens of a vocabulary under a schema: the likeliest that may come, and no other."""

from __future__ import annotations

import json

import numpy as np
import pytest

from janus_lab.adapters.backend.reply_schema import check_reply, checked, parse_schema
from janus_lab.adapters.backend.structured.constraint import TokenBytes
from janus_lab.adapters.backend.structured.constraints import SCHEMAS_KEPT, Constraints
from janus_lab.errors import GrammarRefused, ModelFailed
from janus_lab.values.generation import FinishReason, Token

WORDS = [
    b"",
    b"<end>",
    b'{"',
    b'a"',
    b": ",
    b"12",
    b"3",
    b"}",
    b'{"a": 1',
    b"\xc3",
    b"\xa9",
    b'"',
    b" ",
    b"\n",
    b"  ",
    b"true",
]
WORDS += [bytes([n]) for n in range(256)]
WORDS += [b"x" * n for n in range(2, 40)]
END = 1
TOKENS = TokenBytes(WORDS, [END])
NUMBER = json.dumps({"type": "object", "properties": {"a": {"type": "integer"}}, "required": ["a"]})
TEXT = json.dumps({"type": "string"})


def constraints(tokens=TOKENS):
    return Constraints(lambda: tokens)


def write(constraint, random, count=1):
    """The text that a model with random wishes writes."""
    said = b""
    while not constraint.over:
        tokens = constraint.best(random.normal(size=len(WORDS)).astype(np.float32), count)
        if tokens[0] == END:
            assert constraint.whole
            break
        said += WORDS[tokens[0]]
        constraint.accept(tokens[0])
    return said.decode()


@pytest.mark.parametrize(
    "schema", [NUMBER, json.dumps({"type": "array", "items": {"enum": ["x", "é"]}, "maxItems": 3}), "{}"]
)
@pytest.mark.parametrize("seed", range(8))
def test_whatever_the_model_wishes_the_reply_keeps_the_schema(schema, seed):
    check_reply(write(constraints().open(schema), np.random.default_rng(seed)), parse_schema(schema))


@pytest.mark.parametrize("count", [1, 3, 40, 400])
def test_the_best_are_the_likeliest_of_those_that_may_come(count):
    random = np.random.default_rng(5)
    for said in (b"", b'"', b'"xx', b'"\xc3'):
        constraint = constraints().open(TEXT)
        for byte in said:
            constraint.accept(WORDS.index(bytes([byte]), 16))
        logits = random.normal(size=len(WORDS)).astype(np.float32)
        allowed = [t for t in range(len(WORDS)) if constraint._may(t)]
        expected = sorted(allowed, key=lambda t: -logits[t])[:count]
        assert constraint.best(logits, count) == expected


def test_equal_wishes_are_taken_in_the_tokens_order():
    constraint = constraints().open(TEXT)
    constraint.accept(WORDS.index(b'"'))
    first = constraint.best(np.zeros(len(WORDS), np.float32), 5)
    assert first == sorted(first)


def test_the_reply_is_over_when_nothing_may_follow():
    constraint = constraints().open(NUMBER)
    for word in (b'{"', b'a"', b": ", b"12", b"3"):
        assert not constraint.over
        constraint.accept(WORDS.index(word))
    assert not constraint.whole
    constraint.accept(WORDS.index(b"}"))
    assert constraint.over


def test_a_number_may_end_where_it_may_go_on():
    constraint = constraints().open('{"type": "integer"}')
    constraint.accept(WORDS.index(b"12"))
    assert constraint.whole
    assert not constraint.over
    wish = np.zeros(len(WORDS), np.float32)
    wish[END] = 9
    assert constraint.best(wish, 1) == [END]
    constraint.accept(END)


def test_no_other_token_is_accepted():
    constraint = constraints().open(NUMBER)
    with pytest.raises(ModelFailed):
        constraint.accept(WORDS.index(b"true"))


def test_a_vocabulary_that_cannot_go_on_is_told_and_not_aborted():
    poor = TokenBytes([b"", b"<end>", b"x"], [1])
    constraint = constraints(poor).open(NUMBER)
    with pytest.raises(ModelFailed, match="no token"):
        constraint.best(np.zeros(3, np.float32), 1)


def test_a_refused_schema_is_refused_when_it_is_opened():
    with pytest.raises(GrammarRefused):
        constraints().open('{"not": {}}')


def test_schemas_are_kept_and_not_for_ever():
    made = []
    opener = Constraints(lambda: made.append(1) or TOKENS)
    for number in range(SCHEMAS_KEPT + 3):
        opener.open(json.dumps({"const": number}))
    assert len(opener._known) == SCHEMAS_KEPT
    assert made == [1]


def stream(*texts, finish):
    return [*map(Token, texts), Token("", finish)]


def test_a_whole_reply_passes_unchanged():
    said = stream('{"a"', ": 1}", finish=FinishReason.STOP)
    assert list(checked(iter(said), NUMBER)) == said


@pytest.mark.parametrize(
    "text", ["", "{", '{"a": "1"}', '{"a": 1, "a": 2}', '{"a": NaN}', "[" * 5000, '{"a": 1} '[:-2]]
)
def test_a_reply_that_is_something_else_does_not_end_as_one(text):
    said = checked(iter(stream(text, finish=FinishReason.STOP)), NUMBER)
    assert next(said).text == text
    with pytest.raises(ModelFailed):
        next(said)


@pytest.mark.parametrize("finish", [FinishReason.LENGTH, FinishReason.CANCELLED])
def test_a_reply_that_was_cut_says_so_itself(finish):
    assert list(checked(iter(stream('{"a"', finish=finish)), NUMBER))[-1].finish is finish
