"""Loading and measuring as runs, with the real starter models."""

from __future__ import annotations

import time

import pytest
from openai_scripts import Ending, Scripted
from openai_stand_in import open_stand_in
from waiting import until

from janus_lab import open_lab
from janus_lab.adapters.backend import prepared
from janus_lab.errors import NotFound, RunCancelled, RunFailed
from janus_lab.values.embedding import Embedded
from janus_lab.values.event import EventKind
from janus_lab.values.model import ModelTask
from janus_lab.values.model_run import BenchReport, BenchRequest, LoadReport, LoadRequest
from janus_lab.values.run import Priority, RunKind, RunState

WRITER = "SmolLM2-135M-Instruct.Q4_1"


@pytest.fixture(scope="module")
def lab(tmp_path_factory, nobodys_home):
    with open_lab(tmp_path_factory.mktemp("home"), inline=True, context_tokens=1024, parallel_requests=2) as lab:
        yield lab


def run(lab, kind, request, result):
    return lab._client.start(kind, request, Priority.INTERACTIVE).wait(result)


def test_a_model_is_loaded_on_purpose_and_tells_how(lab):
    first = run(lab, RunKind.LOAD, LoadRequest(), LoadReport)
    again = run(lab, RunKind.LOAD, LoadRequest(WRITER), LoadReport)
    assert (first.name, first.task, first.already, again.already) == (WRITER, ModelTask.GENERATION, False, True)
    assert first.context_tokens == first.plan.context_tokens == 1024
    assert first.covered["ram"] >= sum(first.measured.total().values())
    assert first.seconds > 0


def test_what_a_load_showed_is_the_demand_of_the_next_one(lab):
    report = run(lab, RunKind.LOAD, LoadRequest(), LoadReport)
    whole = sum(report.measured.total().values())
    assert report.covered["ram"] == pytest.approx(whole, rel=0.35)


def test_an_embedding_model_is_loaded_by_its_task(lab):
    report = run(lab, RunKind.LOAD, LoadRequest(task=ModelTask.EMBEDDING), LoadReport)
    assert (report.task, report.dimensions) == (ModelTask.EMBEDDING, 384)


def test_a_bench_tells_speeds_of_one_and_of_several_at_a_time(lab):
    asked = BenchRequest(prompt_tokens=48, reply_tokens=8, streams=(1, 2))
    report = run(lab, RunKind.BENCH, asked, BenchReport)
    assert report.prompt_speed > 0
    assert report.generation_speed > 0
    assert [stream.streams for stream in report.streams] == [1, 2]
    assert all(stream.speed > 0 and stream.first_seconds > 0 for stream in report.streams)


def test_a_bench_of_an_embedding_model(lab):
    asked = BenchRequest(task=ModelTask.EMBEDDING, prompt_tokens=32)
    assert run(lab, RunKind.BENCH, asked, BenchReport).prompt_speed > 0


@pytest.mark.parametrize("kind", [RunKind.LOAD, RunKind.BENCH])
def test_an_unknown_model_is_named(lab, kind):
    request = LoadRequest("nobody") if kind is RunKind.LOAD else BenchRequest("nobody")
    with pytest.raises((NotFound, RunFailed), match="nobody"):
        run(lab, kind, request, LoadReport)


def test_a_chat_says_which_model_spoke(lab):
    from janus_lab.values.generation import Message

    reply = lab.chat([Message("user", "Say hello.")], max_tokens=4)
    assert (reply.model, reply.notes) == (WRITER, ())
    assert reply.prompt_tokens > 0


def test_a_load_that_is_cancelled_ends_at_once_and_leaves_nothing(tmp_path, nobodys_home, monkeypatch):
    # The folder is new, and as long as another process converts the weights, nothing but the wish to cancel ends the load.
    monkeypatch.setattr(prepared, "_taken", lambda _file: False)
    with open_lab(tmp_path / "home", inline=True, context_tokens=1024, model_cache=tmp_path / "cache") as lab:
        handle = lab._client.start(RunKind.LOAD, LoadRequest(), Priority.INTERACTIVE)
        for event in handle.events():
            if event.kind is EventKind.PROGRESS:
                handle.cancel()
        assert handle.run().state is RunState.CANCELLED
        (book,) = lab.models._statuses.books()
        assert (book.leases, book.waiting) == ((), ())
        assert lab.models.show(WRITER).circuit is None


def test_a_fit_is_what_a_load_then_does(lab):
    lab.models.add("fresh", lab.models.show(WRITER).record.uri)
    fit = lab.models.fit("fresh").fit
    report = run(lab, RunKind.LOAD, LoadRequest("fresh"), LoadReport)
    assert not report.already
    assert (fit.now, fit.plan, fit.evicts) == (True, report.plan, ())
    assert sum(report.covered.values()) >= sum(fit.footprint.total().values())
    assert lab.models.fit("fresh").fit.plan == report.plan
    lab.models.remove("fresh")
    embedding = lab.models.fit("all-MiniLM-L6-v2").fit
    assert (embedding.now, embedding.place) == (True, "cpu")


def test_a_run_that_is_cancelled_waits_for_no_server(lab):
    headers = {"Content-Type": "application/json"}
    row = Scripted([b'{"data": [{"index": 0, "embedding": [1.0, 0.0]}]}'], headers=headers)
    with open_stand_in() as server:
        server.next(row, Scripted([Ending.HANG], headers=headers))
        lab.models.add("theirs", server.url, ModelTask.EMBEDDING)
        (handle,) = lab.start_embed(["a"], model="theirs")
        until(lambda: [call.path for call in server.calls].count("/v1/embeddings") >= 2)
        cancelled = time.monotonic()
        handle.cancel()
        with pytest.raises(RunCancelled):
            handle.wait(Embedded)
        assert time.monotonic() < cancelled + 30, "the server would be silent for a minute"
