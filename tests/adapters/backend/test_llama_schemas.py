"""Schemas with a real model in llama.cpp: kept whatever is sampled, and nobody else harmed."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor

import pytest
from generation_orders import generation_order

from janus_lab.adapters.backend.llama_cpp import open_llama
from janus_lab.adapters.backend.reply_schema import check_reply, parse_schema
from janus_lab.errors import GrammarRefused, UserError
from janus_lab.values.generation import TEXT, FinishReason, GenerationRequest, Message

ASKED = (Message("user", "Describe Anna, who is 34 and likes tea and dogs, as JSON."),)
ANNA = json.dumps(
    {
        "type": "object",
        "properties": {
            "name": {"type": "string", "maxLength": 12},
            "age": {"type": "integer", "minimum": 0, "maximum": 120},
            "likes": {"type": "array", "items": {"enum": ["tea", "dogs", "naïve ☕"]}, "minItems": 1, "maxItems": 3},
            "born": {"type": "string", "format": "date"},
        },
        "required": ["name", "age", "likes", "born"],
    }
)


@pytest.fixture(scope="module")
def backend(tmp_path_factory, pytestconfig):
    with open_llama(generation_order(pytestconfig.cache.mkdir("janus-models"))) as opened:
        yield opened


def never():
    return False


def said(backend, **options):
    tokens = list(backend.stream(GenerationRequest(ASKED, **{"max_tokens": 110, **options}), cancelled=never))
    return "".join(token.text for token in tokens), tokens[-1]


def test_the_likeliest_reply_keeps_the_schema(backend):
    text, last = said(backend, schema=ANNA)
    check_reply(text, parse_schema(ANNA))
    assert last.finish is FinishReason.STOP
    assert "Anna" in text
    assert last.usage.reply_tokens > 10


@pytest.mark.parametrize("seed", range(3))
def test_so_does_every_other(backend, seed):
    text, last = said(backend, schema=ANNA, temperature=2.0, seed=seed)
    if last.finish is FinishReason.STOP:
        check_reply(text, parse_schema(ANNA))
    again, end = said(backend, schema=ANNA, temperature=2.0, seed=seed)
    assert (again, end.finish) == (text, last.finish)


def test_a_reply_that_is_cut_says_so(backend):
    assert said(backend, schema=ANNA, max_tokens=5)[1].finish is FinishReason.LENGTH


def test_a_refused_schema_is_refused_before_anything_is_read_and_the_others_go_on(backend):
    with ThreadPoolExecutor(3) as pool:
        others = [pool.submit(said, backend, max_tokens=30), pool.submit(said, backend, schema=ANNA)]
        for _ in range(3):
            with pytest.raises(GrammarRefused):
                backend.stream(GenerationRequest(ASKED, 10, schema='{"not": {}}'), cancelled=never)
    assert others[0].result()[0]
    check_reply(others[1].result()[0], parse_schema(ANNA))


def test_a_schema_that_gets_out_of_hand_fails_alone(backend):
    half = {"type": "array", "items": {"$ref": "#"}, "maxItems": 3, "minItems": 1}
    wild = json.dumps({"anyOf": [half, {**half, "minItems": 2}, {**half, "minItems": 3}]})
    with pytest.raises(GrammarRefused):
        said(backend, schema=wild)
    assert said(backend, max_tokens=3)[1].finish is FinishReason.LENGTH


def test_a_text_is_gone_on_with_without_a_template(backend):
    text = (Message(TEXT, "One, two, three, four, five, six, seven,"),)
    tokens = list(backend.stream(GenerationRequest(text, 6), cancelled=never))
    assert "eight" in "".join(token.text for token in tokens)
    with pytest.raises(UserError):
        backend.count_tokens((*text, *ASKED))
