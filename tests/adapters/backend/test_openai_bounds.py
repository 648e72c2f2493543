"""What a server sends is bounded, and so is the wait for it: nobody stays with an answer that is not wanted any more."""

from __future__ import annotations

import gzip
import json
import threading
import time

import pytest
from openai_scripts import Ending, Scripted, chunk, event, said
from served_models import HELLO, opened, reply

from janus_lab.adapters.backend import openai_bounds
from janus_lab.adapters.backend.openai_embedding import open_embedding
from janus_lab.errors import ModelFailed, RunCancelled
from janus_lab.values.generation import FinishReason, ModelInfo
from janus_lab.values.load_order import LoadOrder
from janus_lab.values.model import ModelRecord, ModelTask

JSON = {"Content-Type": "application/json"}
ROW = json.dumps({"data": [{"index": 0, "embedding": [1.0, 0.0]}]}).encode()


@pytest.fixture
def embedding(model_server):
    model_server.next(Scripted([ROW], headers=JSON))
    record = ModelRecord("theirs", ModelTask.EMBEDDING, model_server.url)
    with open_embedding(LoadOrder(record, ModelInfo("", "", "", ""))) as backend:
        yield backend


@pytest.fixture
def little(monkeypatch):
    monkeypatch.setattr(openai_bounds, "MOST_BYTES", 100_000)


@pytest.mark.usefixtures("little")
def test_an_endless_answer_is_not_listened_to_nor_asked_for_again(model_server, embedding):
    model_server.next(Scripted([b" " * 60_000, b" " * 60_000, Ending.HANG], headers=JSON))
    asked = len(model_server.calls)
    with pytest.raises(ModelFailed, match="more than 100000 bytes"):
        embedding.embed(["a"])
    assert len(model_server.calls) == asked + 1
    model_server.next(Scripted([b" " * 99_000 + ROW], headers=JSON))
    assert embedding.embed(["a"]).shape == (1, 2)


@pytest.mark.usefixtures("little")
def test_an_endless_stream_is_not_listened_to(model_server, served):
    model_server.next(Scripted([event(chunk("Hello")), *[b": nothing but a comment\n\n" * 1000] * 5, Ending.HANG]))
    with pytest.raises(ModelFailed, match="more than 100000 bytes"):
        reply(served)
    assert model_server.left.wait(30)


def test_what_would_be_unpacked_is_refused(model_server, embedding):
    model_server.next(Scripted([gzip.compress(ROW)], headers={**JSON, "Content-Encoding": "gzip"}))
    with pytest.raises(ModelFailed, match="packed"):
        embedding.embed(["a"])


def test_an_answer_that_nobody_wants_any_more_is_not_waited_for(model_server, embedding):
    model_server.next(Scripted([Ending.HANG], headers=JSON))
    asked = len(model_server.calls)

    def still_wanted():
        if len(model_server.calls) > asked:
            raise RunCancelled("enough", remedy="none")

    began = time.monotonic()

    with pytest.raises(RunCancelled), embedding.wanted_as_long_as(still_wanted):
        embedding.embed(["a"])
    assert time.monotonic() < began + 30
    assert model_server.left.wait(30)
    model_server.next(Scripted([0.3, ROW], headers=JSON))
    assert embedding.embed(["a"]).shape == (1, 2)


def test_a_chat_is_cancelled_while_its_tokens_are_counted(model_server):
    slow = []
    model_server.answers["/tokenize"] = lambda _body: {"count": model_server.ending.wait(sum(slow)) or 3}
    with opened(model_server.url) as backend:
        slow.append(60.0)
        began, asked = time.monotonic(), len(model_server.calls)
        (last,) = backend.stream(HELLO, cancelled=lambda: len(model_server.calls) > asked)
    assert last.finish is FinishReason.CANCELLED
    assert time.monotonic() < began + 30
    assert not model_server.chats()


def test_who_reads_slowly_lets_the_server_wait_and_misses_nothing(model_server):
    words, sent = [f"{number} " for number in range(600)], threading.Event()

    def parts():
        yield from said(*words).parts
        sent.set()

    with opened(model_server.url, timeout_seconds=2.0) as backend:
        model_server.next(Scripted(parts()))
        stream = backend.stream(HELLO, cancelled=lambda: False)
        first = next(stream)
        assert sent.wait(30)
        time.sleep(4.0)
        assert "".join([first.text, *(token.text for token in stream)]) == "".join(words)
