"""What servers say is told whole or not at all, and nobody waits for them forever."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from openai_scripts import DONE, MODEL, Ending, Scripted, chunk, event, refused, said, usage
from served_models import HELLO, never, opened, reply

from janus_lab.adapters.backend import openai_refusals
from janus_lab.adapters.backend.openai_server import ModelServer
from janus_lab.errors import ModelFailed
from janus_lab.values.generation import FinishReason, GenerationRequest, Message, Usage


def test_the_last_piece_says_who_spoke_and_what_it_took(model_server, served):
    model_server.next(
        Scripted([event(chunk("Hi")), event(chunk(" you")), event(chunk(finish="stop")), event(usage(9, 2, 4)), DONE])
    )
    text, last = reply(served)
    assert (text, last.finish, last.model, last.usage) == ("Hi you", FinishReason.STOP, "theirs", Usage(9, 2, 4))


def test_another_model_that_speaks_is_named(model_server, served):
    other = {**chunk("Hi"), "model": "smaller\x1b-one"}
    model_server.next(Scripted([event(other), event({**other, "choices": chunk(finish="stop")["choices"]}), DONE]))
    assert reply(served)[1].model == "theirs (smaller-one)"


def test_it_asks_for_what_was_wanted(model_server, served):
    model_server.next(said("x"))
    reply(served, GenerationRequest((Message("user", "a\ud800b"),), 7, 0.5, 3, ("END",)))
    assert model_server.chats() == [
        {
            "model": MODEL,
            "messages": [{"role": "user", "content": "a?b"}],
            "max_tokens": 7,
            "temperature": 0.5,
            "seed": 3,
            "stop": ["END"],
            "stream": True,
            "stream_options": {"include_usage": True},
        }
    ]


def test_characters_arrive_whole_however_they_are_cut(model_server, served):
    text = "naïve 😀 你好"
    data = event(chunk(text))
    halves = [event(chunk(half), ascii_only=True) for half in ("\ud83d", "\ude00!")]
    model_server.next(Scripted([*(bytes([b]) for b in data), *halves, event(chunk(finish="stop")), DONE]))
    said_text, _ = reply(served)
    assert said_text == text + "😀!"


def test_a_lone_half_of_a_character_is_only_a_strange_character(model_server, served):
    model_server.next(Scripted([event(chunk("a\ud83d"), ascii_only=True), event(chunk(finish="stop")), DONE]))
    assert reply(served)[0] == "a�"


def test_a_stop_sequence_that_the_server_lets_pass_is_not_shown(model_server, served):
    model_server.next(Scripted([event(chunk("one EN")), event(chunk("D two")), event(chunk(" three")), Ending.HANG]))
    text, last = reply(served, GenerationRequest(HELLO.messages, 40, stop=("END",)))
    assert (text, last.finish) == ("one ", FinishReason.STOP)


BROKEN = {
    "reset": [event(chunk("Hi")), 0.05, Ending.CUT],
    "closed": [event(chunk("Hi")), Ending.CLOSE],
    "closed in an event": [event(chunk("Hi")), b'data: {"choices": [{"de', Ending.CLOSE],
    "done without an end": [event(chunk("Hi")), DONE],
    "silent": [event(chunk("Hi")), Ending.HANG],
    "comments only": [event(chunk("Hi")), *[b": still here\n\n", 0.3] * 20],
    "not JSON": [event(chunk("Hi")), b"data: {oops\n\n", DONE],
    "not UTF-8": [event(chunk("Hi")), b'data: {"choices": "\xff\xfe"}\n\n', DONE],
    "no object": [event(chunk("Hi")), event(["what", 1]), DONE],
    "choices of another kind": [event({"choices": "text"}), DONE],
    "a number as text": [event(chunk(finish=None, content=7)), DONE],
    "an error in the stream": [event(chunk("Hi")), event({"error": {"message": "out of\nmemory", "code": 500}})],
    "an end of its own": [event(chunk("Hi")), event(chunk(finish="content_filter")), DONE],
    "more than was asked for": [event(chunk("x" * 1000)), event(chunk("x" * 2000)), event(chunk(finish="stop")), DONE],
}


@pytest.mark.parametrize("parts", BROKEN.values(), ids=BROKEN)
def test_a_reply_that_breaks_off_is_a_failure_and_never_looks_whole(model_server, served, parts, monkeypatch):
    model_server.next(Scripted(parts))
    # The beginning may take its time, on a busy machine.
    patience = property(lambda _: 0.4 if model_server.chats() else 60.0)
    monkeypatch.setattr(ModelServer, "_patience", patience, raising=False)
    with pytest.raises(ModelFailed) as caught:
        reply(served)
    assert "127.0.0.1" in caught.value.message
    assert len(model_server.chats()) == 1, "what has begun is not asked again"


def test_what_follows_a_failure_is_not_disturbed(model_server, served):
    model_server.next(Scripted(BROKEN["reset"]), said("fine"))
    with pytest.raises(ModelFailed):
        reply(served)
    assert reply(served)[0] == "fine"


HANGS = {
    "before the headers": lambda: Scripted([Ending.HANG], headers={}),
    "before the first word": lambda: Scripted([b": hello\n\n", Ending.HANG]),
    "in mid-text": lambda: Scripted([event(chunk("Hi")), Ending.HANG]),
    "while it is busy": lambda: refused(503, headers={"Retry-After": "90"}),
}


@pytest.mark.parametrize("script", HANGS.values(), ids=HANGS)
def test_cancelled_while_nothing_arrives_it_ends_and_the_server_knows(model_server, script, monkeypatch):
    monkeypatch.setattr(openai_refusals, "_BUSY_SECONDS", 100.0)
    model_server.next(script())
    began = time.monotonic()
    with opened(model_server.url, timeout_seconds=60.0) as backend:
        opening = time.monotonic() - began
        tokens = list(backend.stream(HELLO, cancelled=lambda: time.monotonic() - began > opening + 0.3))
        assert time.monotonic() - began - opening < 45
        assert tokens[-1].finish is FinishReason.CANCELLED
        if script() == HANGS["in mid-text"]():
            assert model_server.left.wait(30)


def test_a_stream_that_is_dropped_is_closed_on_the_server_too(model_server, served):
    model_server.next(Scripted([event(chunk("Hi")), Ending.HANG]))
    stream = served.stream(HELLO, cancelled=never)
    next(stream)
    stream.close()
    assert model_server.left.wait(30)


def test_closing_ends_what_still_waits(model_server):
    model_server.next(Scripted([event(chunk("Hi")), Ending.HANG]))
    with ThreadPoolExecutor(1) as pool, opened(model_server.url, timeout_seconds=60.0) as backend:
        stream = backend.stream(HELLO, cancelled=never)
        assert next(stream).text == "Hi"
        waiting = pool.submit(list, stream)
    with pytest.raises(ModelFailed, match="unloaded"):
        waiting.result(30)
    with pytest.raises(ModelFailed, match="unloaded"):
        reply(backend)
