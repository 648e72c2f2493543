"""What every registry of models does."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from janus_lab.adapters.models import memory
from janus_lab.adapters.relational.model_registry import open_model_registry
from janus_lab.values.model import Circuit, CircuitState, ModelOptions, ModelRecord, ModelTask

OPTIONS = ModelOptions(
    context_tokens=8192,
    parallel_requests=3,
    gpu_layers=0,
    cache_type="q8_0",
    idle_seconds=0.0,
    pinned=True,
    precision="fp32",
    remote_model="org/model:tag",
    key_variable="MY_KEY",
    timeout_seconds=2.5,
    command=("llama-server", "--model", "ä b"),
)
SMALL = ModelRecord("small", ModelTask.GENERATION, "package://somewhere/small.gguf", added_at=1.5)
LARGE = ModelRecord("Größe 7B", ModelTask.EMBEDDING, "hf://org/large/a b.gguf@main", OPTIONS, 2.5)
OPEN = Circuit("small", CircuitState.OPEN, 3, "no answer within 2 s \0", 10.25, 40.5)
ROWS = [
    ("sqlite", lambda request: open_model_registry(f"sqlite:///{request.getfixturevalue('tmp_path')}/janus.db")),
    ("postgresql", lambda request: open_model_registry(request.getfixturevalue("ready_postgresql_url"))),
    ("memory", lambda _request: memory.open_model_registry()),
]


@pytest.fixture(params=[row[1] for row in ROWS], ids=[row[0] for row in ROWS])
def registry(request):
    with request.param(request) as opened:
        yield opened


def test_a_new_registry_knows_nothing(registry):
    assert registry.records() == []
    assert registry.find("small") is None
    assert registry.chain(ModelTask.GENERATION) == ()
    assert registry.circuits() == {}
    assert registry.remove("small") is False


def test_models_come_back_as_they_were_put_by_name(registry):
    registry.put(SMALL)
    registry.put(LARGE)
    assert registry.records() == [LARGE, SMALL]
    assert registry.find("small") == SMALL
    assert registry.find(LARGE.name) == LARGE


def test_putting_again_replaces(registry):
    registry.put(SMALL)
    registry.put(replace(SMALL, uri="file:///elsewhere.gguf", options=OPTIONS))
    assert registry.records() == [replace(SMALL, uri="file:///elsewhere.gguf", options=OPTIONS)]


def test_a_chain_is_chosen_whole_and_for_one_task(registry):
    registry.choose(ModelTask.GENERATION, ["a", "b", "c"])
    registry.choose(ModelTask.EMBEDDING, ["e"])
    registry.choose(ModelTask.GENERATION, ["c", "a"])
    assert registry.chain(ModelTask.GENERATION) == ("c", "a")
    assert registry.chain(ModelTask.EMBEDDING) == ("e",)
    assert registry.chain(ModelTask.RERANKING) == ()
    registry.choose(ModelTask.GENERATION, [])
    assert registry.chain(ModelTask.GENERATION) == ()


def test_a_removed_model_leaves_every_chain_and_its_circuit_goes(registry):
    registry.put(SMALL)
    registry.report(OPEN)
    registry.choose(ModelTask.GENERATION, ["a", "small", "b"])
    registry.choose(ModelTask.EMBEDDING, ["small"])
    assert registry.remove("small") is True
    assert registry.chain(ModelTask.GENERATION) == ("a", "b")
    assert registry.chain(ModelTask.EMBEDDING) == ()
    assert registry.circuits() == {}
    assert registry.records() == []


def test_a_circuit_is_told_until_it_closes(registry):
    registry.report(OPEN)
    registry.report(replace(OPEN, name="other", state=CircuitState.HALF_OPEN))
    assert registry.circuits()["small"] == OPEN
    assert registry.circuits()["other"].state is CircuitState.HALF_OPEN
    registry.report(replace(OPEN, state=CircuitState.CLOSED, failures=0))
    assert list(registry.circuits()) == ["other"]


def test_whoever_chooses_at_the_same_time_leaves_one_chain_whole(registry):
    chains = [tuple(f"{n}-{k}" for k in range(5)) for n in range(40)]
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda names: registry.choose(ModelTask.GENERATION, names), chains))
    assert registry.chain(ModelTask.GENERATION) in chains


def test_models_that_leave_a_chain_together_all_leave_it(registry):
    names = [f"m{n}" for n in range(24)]
    for name in names:
        registry.put(replace(SMALL, name=name))
    registry.choose(ModelTask.GENERATION, names)
    with ThreadPoolExecutor(8) as threads:
        assert all(threads.map(registry.remove, names[:20]))
    assert registry.chain(ModelTask.GENERATION) == tuple(names[20:])
