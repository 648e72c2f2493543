"""One Janus Lab's models as the models of another: our backends for servers, on what `janus serve` offers."""

from __future__ import annotations

import threading
from itertools import islice

import numpy as np
import pytest
from served_models import never, opened, reply
from serving import KEY, chats, ended_chats

from janus_lab.adapters.backend.openai_embedding import open_embedding
from janus_lab.errors import AccessDenied, ModelFailed, NotFound, SettingsError
from janus_lab.values.embedding import Embedded
from janus_lab.values.generation import FinishReason, GenerationRequest, Message, ModelInfo
from janus_lab.values.load_order import LoadOrder
from janus_lab.values.model import ModelOptions, ModelRecord, ModelTask
from janus_lab.values.run import RunKind, RunState

CHAT, EMBEDDING = "SmolLM2-135M-Instruct.Q4_1", "all-MiniLM-L6-v2"
CAPITAL = (Message("system", "You are helpful."), Message("user", "What is the capital of France?"))
STORY = (Message("user", "Write a very long story about a village by the sea, with many chapters."),)


@pytest.fixture(scope="module")
def backend(offer):
    with opened(offer.url, key=KEY, remote_model="janus") as backend:
        yield backend


def test_it_answers_and_says_which_model_spoke(backend):
    text, last = reply(backend, GenerationRequest(CAPITAL, 24))
    assert "Paris" in text
    assert last.finish is FinishReason.STOP
    assert last.model == f"theirs ({CHAT})"
    assert last.usage.prompt_tokens > last.usage.reply_tokens > 3


def test_it_keeps_the_length_the_seed_and_the_stop_sequences(backend):
    assert reply(backend, GenerationRequest(CAPITAL, 3))[1].finish is FinishReason.LENGTH
    sampled = [GenerationRequest(CAPITAL, 12, temperature=1.5, seed=seed) for seed in (1, 1, 2)]
    first, again, other = (reply(backend, request)[0] for request in sampled)
    assert first == again != other
    assert reply(backend, GenerationRequest(CAPITAL, 24, stop=("of Fra",)))[0].endswith("capital ")


def test_a_schema_is_kept(backend):
    schema = '{"type": "object", "properties": {"city": {"type": "string", "maxLength": 20}}, "required": ["city"], "additionalProperties": false}'
    text, last = reply(backend, GenerationRequest(CAPITAL, 60, schema=schema))
    assert text.startswith("{")
    assert last.finish is FinishReason.STOP


def test_cancelled_in_mid_text_the_run_there_ends_too(backend, offer):
    before, enough = chats(offer.lab), threading.Event()
    stream = backend.stream(GenerationRequest(STORY, 1800), cancelled=enough.is_set)
    assert [piece.finish for piece in islice(stream, 5)] == [None] * 5
    enough.set()
    assert [piece.finish for piece in stream] == [FinishReason.CANCELLED]
    # Had the rest been waited for, the run there would be done.
    (run,) = ended_chats(offer.lab, before)
    assert run.state is RunState.CANCELLED


def test_a_wrong_key_an_unknown_model_and_none_chosen(offer):
    with pytest.raises(AccessDenied), opened(offer.url, key="another"):
        pass
    with pytest.raises(SettingsError, match=EMBEDDING), opened(offer.url, key=KEY):
        pass
    with opened(offer.url, key=KEY, remote_model="other") as backend, pytest.raises(NotFound, match="no model 'other'"):
        reply(backend)


def test_a_model_for_another_task_fails_by_name(offer):
    with opened(offer.url, key=KEY, remote_model=EMBEDDING) as backend, pytest.raises(ModelFailed, match="embedding"):
        list(backend.stream(GenerationRequest(CAPITAL, 4), cancelled=never))


def test_embeddings_are_the_same_there_and_here(offer):
    record = ModelRecord("theirs", ModelTask.EMBEDDING, offer.url, ModelOptions(remote_model=EMBEDDING))
    texts = ["The lighthouse keeper counts ships at dawn.", "", "Sparse matrices need less memory."]
    with open_embedding(LoadOrder(record, ModelInfo("", "", "", ""), key=KEY)) as backend:
        found = backend.embed(texts)
    np.testing.assert_allclose(
        found, offer.lab.embed(["The lighthouse keeper counts ships at dawn.", " ", texts[2]]), atol=1e-2
    )


def test_windows_are_told_and_prompts_counted_as_the_model_does(offer, backend):
    assert backend.info.context_tokens == 2048
    for messages in (CAPITAL, (*CAPITAL, Message("assistant", "Paris, naïvely 🦊."), STORY[0])):
        expected = offer.lab.chat(messages, max_tokens=1).prompt_tokens
        assert backend.count_tokens(messages) == expected


def test_texts_are_counted_together_and_as_the_embedding_model_does(offer):
    record = ModelRecord("theirs", ModelTask.EMBEDDING, offer.url, ModelOptions(remote_model=EMBEDDING))
    texts = ["The lighthouse keeper counts ships at dawn.", "", "Sparse matrices, naïve 🦊."] * 20
    with open_embedding(LoadOrder(record, ModelInfo("", "", "", ""), key=KEY)) as backend:
        before = len(offer.lab.runs(kinds=(RunKind.COUNT,)))
        counts = backend.count_tokens(texts)
        assert len(offer.lab.runs(kinds=(RunKind.COUNT,))) == before + 1
    assert counts == counts[:3] * 20
    run = next(iter(offer.lab.start_embed(texts[:1])))
    assert counts[0] == run.wait(Embedded).tokens
    assert counts[1] < counts[0]
