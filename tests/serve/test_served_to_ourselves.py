"""A lab's models as another lab uses them: through `janus serve` and the backend for OpenAI-compatible servers."""

from __future__ import annotations

import json
import threading

import pytest
from serving import KEY, chats, ended_chats

from janus_lab.adapters.backend.openai_generation import open_generation
from janus_lab.adapters.backend.reply_schema import check_reply, parse_schema
from janus_lab.errors import AccessDenied, ContextTooLong, ModelFailed, UserError
from janus_lab.values.generation import TEXT, FinishReason, GenerationRequest, Message, ModelInfo
from janus_lab.values.load_order import LoadOrder
from janus_lab.values.model import ModelOptions, ModelRecord, ModelTask
from janus_lab.values.run import RunState

CHAT = "SmolLM2-135M-Instruct.Q4_1"
CAPITAL = (Message("system", "You are helpful."), Message("user", "What is the capital of France?"))
STORY = (Message("user", "Write a very long story about a village by the sea, with many chapters."),)


def order(offer, key=KEY):
    record = ModelRecord("ours", ModelTask.GENERATION, offer.url, ModelOptions(remote_model=CHAT, context_tokens=2048))
    return LoadOrder(record, ModelInfo(offer.url, "ours", "", ""), key=key)


@pytest.fixture(scope="module")
def backend(offer):
    with open_generation(order(offer)) as opened:
        yield opened


def never():
    return False


def said(backend, request, cancelled=never):
    tokens = list(backend.stream(request, cancelled=cancelled))
    return "".join(token.text for token in tokens), tokens[-1]


def test_the_reply_is_the_one_that_the_lab_gives_itself(backend, offer):
    expected = offer.lab.chat(CAPITAL, max_tokens=24)
    text, last = said(backend, GenerationRequest(CAPITAL, 24))
    assert text == expected.text
    assert last.finish is FinishReason.STOP
    assert (last.usage.prompt_tokens, last.usage.reply_tokens) == (expected.prompt_tokens, expected.reply_tokens)


def test_a_schema_is_kept_through_both(backend):
    schema = json.dumps(
        {"type": "object", "properties": {"city": {"type": "string", "maxLength": 9}}, "required": ["city"]}
    )
    text, _ = said(backend, GenerationRequest(CAPITAL, 60, schema=schema))
    check_reply(text, parse_schema(schema))


def test_a_schema_that_is_refused_there_is_refused_here(backend):
    with pytest.raises(ModelFailed, match="uniqueItems"):
        said(backend, GenerationRequest(CAPITAL, 60, schema='{"type": "array", "uniqueItems": true}'))


def test_who_cancels_stops_the_other_lab(backend, offer):
    wanted, before = threading.Event(), chats(offer.lab)
    tokens = backend.stream(GenerationRequest(STORY, 1800), cancelled=wanted.is_set)
    assert next(tokens).text
    wanted.set()
    assert [token.finish for token in tokens] == [FinishReason.CANCELLED]
    # Had the rest been waited for, the run there would be done.
    (run,) = ended_chats(offer.lab, before)
    assert run.state is RunState.CANCELLED


def test_what_does_not_fit_is_named(backend):
    with pytest.raises(ContextTooLong):
        said(backend, GenerationRequest(CAPITAL, 3000))


def test_a_wrong_key_is_named(offer):
    with pytest.raises(AccessDenied), open_generation(order(offer, "wrong-key")):
        pass


def test_a_text_that_servers_are_not_asked_to_go_on_with_is_refused(backend):
    with pytest.raises(UserError):
        said(backend, GenerationRequest((Message(TEXT, "One, two,"),), 5))
