"""OpenAI's own client, against a lab with real models."""

from __future__ import annotations

import json
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import openai
import pytest
from serving import chats, ended_chats

from janus_lab.values.run import RunKind, RunState

CHAT, EMBEDDING = "SmolLM2-135M-Instruct.Q4_1", "all-MiniLM-L6-v2"
CAPITAL = [
    {"role": "system", "content": "You are helpful."},
    {"role": "user", "content": "What is the capital of France?"},
]
STORY = [{"role": "user", "content": "Write a very long story about a village by the sea, with many chapters."}]


@pytest.fixture(scope="module")
def client(offer):
    with offer.openai() as client:
        yield client


def test_models_are_listed_by_name(client):
    assert {model.id for model in client.models.list()} == {"janus", CHAT, EMBEDDING}
    assert client.models.retrieve(CHAT).id == CHAT
    windows = {model.id: getattr(model, "max_model_len", 0) for model in client.models.list()}
    assert windows["janus"] == windows[CHAT] == 2048
    with pytest.raises(openai.NotFoundError, match="no model 'other'"):
        client.models.retrieve("other")


def test_a_chat_is_answered_and_says_who_spoke(client, offer):
    reply = client.chat.completions.create(model="janus", messages=CAPITAL, max_tokens=24)
    assert "Paris" in reply.choices[0].message.content
    assert reply.choices[0].finish_reason == "stop"
    assert reply.model == CHAT
    assert reply.usage.prompt_tokens > reply.usage.completion_tokens > 0
    assert reply.usage.total_tokens == reply.usage.prompt_tokens + reply.usage.completion_tokens
    run = offer.lab.run(reply.janus["run"])
    assert run.kind is RunKind.CHAT
    assert run.state is RunState.DONE


def test_a_stream_says_the_same(client):
    options = {"model": CHAT, "messages": CAPITAL, "max_tokens": 24}
    whole = client.chat.completions.create(**options)
    stream = client.chat.completions.create(**options, stream=True, stream_options={"include_usage": True})
    *chunks, closing, usage = list(stream)
    assert "".join(c.choices[0].delta.content or "" for c in chunks) == whole.choices[0].message.content
    assert len(chunks) > 3
    assert chunks[0].choices[0].delta.role == "assistant"
    assert {c.id for c in chunks} == {closing.id}
    assert closing.choices[0].finish_reason == "stop"
    assert closing.model == CHAT
    assert usage.choices == []
    assert usage.usage.completion_tokens == whole.usage.completion_tokens


def test_length_stop_and_seed_count(client):
    def say(**options):
        return client.chat.completions.create(model=CHAT, messages=CAPITAL, **options).choices[0]

    assert say(max_completion_tokens=2).finish_reason == "length"
    stopped = say(max_tokens=24, stop="of Fra")
    assert stopped.finish_reason == "stop"
    assert stopped.message.content.rstrip().endswith("capital")
    sampled = [say(max_tokens=12, temperature=1.9, seed=seed).message.content for seed in (1, 1, 2)]
    assert sampled[0] == sampled[1] != sampled[2]


def test_without_a_limit_the_reply_has_the_whole_window(client):
    reply = client.chat.completions.create(model=CHAT, messages=[{"role": "user", "content": "Say hello."}])
    assert reply.choices[0].finish_reason == "stop"


def test_a_schema_is_kept(client):
    schema = {
        "type": "object",
        "properties": {"city": {"type": "string", "maxLength": 20}, "people": {"type": "integer", "minimum": 1}},
        "required": ["city", "people"],
        "additionalProperties": False,
    }
    reply = client.chat.completions.create(
        model=CHAT,
        messages=CAPITAL,
        max_tokens=80,
        response_format={"type": "json_schema", "json_schema": {"name": "city", "schema": schema}},
    )
    value = json.loads(reply.choices[0].message.content)
    assert set(value) == {"city", "people"}
    assert value["people"] >= 1


def test_any_object_may_be_asked_for(client):
    reply = client.chat.completions.create(
        model=CHAT,
        messages=[{"role": "user", "content": "Give me an empty JSON object: {}"}],
        max_tokens=60,
        stop=["\n\n\n"],
        response_format={"type": "json_object"},
    )
    assert reply.choices[0].message.content.startswith("{")


@pytest.mark.parametrize(
    ("schema", "told"),
    [
        ({"type": "array", "uniqueItems": True}, "uniqueItems"),
        ({"$ref": "http://example.com/a.json"}, "not a place in it"),
        ({"type": "nothing"}, "schema is not valid"),
    ],
)
def test_a_schema_that_cannot_be_kept_is_refused_at_once(client, schema, told):
    with pytest.raises(openai.BadRequestError, match=told) as refused:
        client.chat.completions.create(
            model=CHAT,
            messages=CAPITAL,
            response_format={"type": "json_schema", "json_schema": {"name": "x", "schema": schema}},
        )
    assert refused.value.code == "schema-refused"


@pytest.mark.parametrize("field", ["user", "metadata", "store"])
def test_what_changes_nothing_may_be_asked_for(client, field):
    value = {"user": "somebody", "metadata": {"a": "b"}, "store": True}[field]
    options = {"n": 1, "top_p": 1, "logprobs": False, "presence_penalty": 0, "parallel_tool_calls": True}
    assert client.chat.completions.create(model=CHAT, messages=CAPITAL, max_tokens=1, **options, **{field: value})


def test_a_client_that_waits_no_longer_leaves(client, offer):
    before, seconds = chats(offer.lab), 0.5
    while not chats(offer.lab) - before:
        # Had the run not begun when the client left, there was nothing to stop.
        seconds *= 2
        with pytest.raises(openai.APITimeoutError):
            client.with_options(timeout=seconds).chat.completions.create(model=CHAT, messages=STORY, max_tokens=1800)
    assert {run.state for run in ended_chats(offer.lab, before)} == {RunState.CANCELLED}


def test_a_text_is_gone_on_with(client):
    text = "One, two, three, four, five, six, seven,"
    reply = client.completions.create(model=CHAT, prompt=text, max_tokens=8)
    assert "eight" in reply.choices[0].text
    pieces = client.completions.create(model=CHAT, prompt=text, max_tokens=8, stream=True)
    assert "".join(piece.choices[0].text for piece in pieces) == reply.choices[0].text


def test_embeddings_are_those_of_the_lab(client, offer):
    texts = ["a pump", "a mast in the north"]
    expected = offer.lab.embed(texts)
    for options in ({}, {"encoding_format": "float"}, {"dimensions": 384}):
        reply = client.embeddings.create(model=EMBEDDING, input=texts, **options)
        assert np.allclose([row.embedding for row in reply.data], expected)
    assert reply.usage.prompt_tokens > 6
    assert len(client.embeddings.create(model="janus", input="one").data) == 1


@pytest.mark.parametrize(
    ("options", "error", "told"),
    [
        ({"model": "other"}, openai.NotFoundError, "there are: janus"),
        ({"model": EMBEDDING}, openai.BadRequestError, "is for embedding"),
        ({"max_tokens": 50_000}, openai.BadRequestError, "window"),
        ({"top_p": 0.5}, openai.BadRequestError, "top_p is not supported"),
        ({"n": 2}, openai.BadRequestError, "n is not supported"),
        ({"temperature": 3}, openai.BadRequestError, "from 0.0 to 2.0"),
        ({"messages": []}, openai.BadRequestError, "messages"),
        ({"messages": [{"role": "king", "content": "x"}]}, openai.BadRequestError, "role"),
        (
            {"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "data:,"}}]}]},
            openai.BadRequestError,
            "only text is read",
        ),
        (
            {"tools": [{"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}]},
            openai.BadRequestError,
            "calls no tools",
        ),
    ],
)
@pytest.mark.parametrize("stream", [False, True])
def test_what_cannot_be_done_is_refused_by_name(client, options, error, told, stream):
    with pytest.raises(error, match=told):
        client.chat.completions.create(**{"model": CHAT, "messages": CAPITAL, "stream": stream, **options})


def test_a_wrong_key_opens_nothing(offer):
    with (
        openai.OpenAI(base_url=offer.url, api_key="wrong", max_retries=0) as client,
        pytest.raises(openai.AuthenticationError),
    ):
        client.models.list()


def test_a_stream_that_is_closed_stops_the_model(client, offer):
    before = chats(offer.lab)
    stream = client.chat.completions.create(model=CHAT, messages=STORY, max_tokens=1800, stream=True)
    for _ in zip(range(4), stream, strict=False):
        pass
    stream.close()
    assert [run.state for run in ended_chats(offer.lab, before)] == [RunState.CANCELLED]


def test_a_run_that_somebody_cancels_ends_its_stream_with_an_error(client, offer):
    before = chats(offer.lab)
    stream = client.chat.completions.create(model=CHAT, messages=STORY, max_tokens=1800, stream=True)
    next(iter(stream))
    (run_id,) = chats(offer.lab) - before
    offer.lab.cancel(run_id)
    with pytest.raises(openai.APIError, match="cancelled"):
        list(stream)


def test_many_at_once_are_answered_each_with_its_own(client):
    words = ["red", "green", "blue", "black", "white", "pink"]

    def say(word):
        messages = [{"role": "user", "content": f"Repeat the word {word}."}]
        if words.index(word) % 2:
            return (
                client.chat.completions.create(model=CHAT, messages=messages, max_tokens=12).choices[0].message.content
            )
        stream = client.chat.completions.create(model=CHAT, messages=messages, max_tokens=12, stream=True)
        return "".join(chunk.choices[0].delta.content or "" for chunk in stream)

    with ThreadPoolExecutor(len(words)) as pool:
        replies = list(pool.map(say, words))
    assert sum(word in reply.lower() for word, reply in zip(words, replies, strict=True)) >= 4
    assert sum(thread.name.startswith("serve") for thread in threading.enumerate()) <= 10
