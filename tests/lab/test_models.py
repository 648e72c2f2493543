"""The models alone, through the front door: embeddings and chats, without an engine room."""

from __future__ import annotations

import time

import numpy as np
import pytest

from janus_lab import open_lab
from janus_lab.errors import RunFailed, UserError
from janus_lab.lab.models import TEXTS_A_RUN
from janus_lab.values.generation import FinishReason, Message
from janus_lab.values.run import LOOKUPS, RunKind, RunState

HELLO = [Message("user", "Name a colour.")]


def test_embeddings_come_back_in_order(lab):
    texts = [f"text number {n}" for n in range(TEXTS_A_RUN + 3)]
    embeddings = lab.embed(texts)
    assert embeddings.shape == (len(texts), 384)
    assert embeddings.dtype == np.float32
    assert np.array_equal(embeddings[-1], lab.embed(texts[-1:])[0])
    assert len(lab.runs(kinds=(RunKind.EMBED,))) == 3


def test_no_text_has_no_embedding(lab):
    assert lab.embed([]).shape == (0, 384)


def test_a_chat_is_continued(lab):
    reply = lab.chat([Message("system", "You are terse."), *HELLO], max_tokens=6)
    assert reply.text
    assert reply.finish in {FinishReason.STOP, FinishReason.LENGTH}
    assert reply.prompt_tokens > reply.reply_tokens > 0


def test_the_pieces_make_the_reply(lab):
    *pieces, last = lab.stream_chat(HELLO, max_tokens=20)
    assert "".join(piece.text for piece in pieces) == last.reply.text
    assert last.text == ""
    assert all(piece.reply is None for piece in pieces)


def test_a_stream_that_is_closed_stops_the_model(lab):
    stream = lab.stream_chat(
        [Message("user", "Write a very long story about a village by the sea, with many chapters.")], max_tokens=1500
    )
    next(stream)
    stream.close()
    deadline = time.monotonic() + 90
    while not (run := lab.runs(limit=1, kinds=(RunKind.CHAT,))[0]).state.final:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    assert run.state is RunState.CANCELLED


@pytest.mark.parametrize(
    ("messages", "options"),
    [([], {}), (HELLO, {"max_tokens": 0}), (HELLO, {"temperature": -1.0}), (HELLO, {"stop": ("",)})],
)
def test_a_chat_that_makes_no_sense_is_refused(lab, messages, options):
    with pytest.raises(UserError):
        lab.chat(messages, **options)


def test_a_lab_without_a_model_says_so(project):
    with (
        open_lab(project / ".janus", inline=True, generation_model="") as lab,
        pytest.raises(RunFailed, match="no model is set"),
    ):
        lab.chat(HELLO)


def test_look_ups_are_forgotten_and_answers_stay(lab):
    lab.embed(["a"])
    lab.search("pump")
    kept = lab.runs(kinds=(RunKind.INGEST,))
    assert lab.prune_runs(older_than_seconds=60, kinds=LOOKUPS) == 0
    assert lab.prune_runs(older_than_seconds=0, kinds=LOOKUPS) == 2
    assert lab.runs() == kept
