"""A native library that crashes takes its worker with it, and nothing else: the run goes on, and nothing stays leased."""

from __future__ import annotations

import os
import signal
import time

import psutil
import pytest

from janus_lab.values.chat import ChatReply
from janus_lab.values.event import EventKind
from janus_lab.values.generation import FinishReason, Message

WRITER = "SmolLM2-135M-Instruct.Q4_1"

pytestmark = [pytest.mark.fault, pytest.mark.timeout(180)]


def until(true, seconds=60.0):
    deadline = time.monotonic() + seconds
    while not (found := true()):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    return found


def leases(lab):
    link = lab._room.link(lambda _line: None)
    (machine,) = link.leases.machines()
    return link.leases.book(machine).leases


@pytest.fixture
def lab(project, new_lab):
    return new_lab(project / ".janus", lease_ttl_seconds=3.0)


def test_a_chat_goes_on_after_its_worker_crashed_in_the_middle_of_it(lab):
    handle = lab.start_chat([Message("user", "Count from one to a hundred in words.")], max_tokens=200)
    events = iter(handle.events())
    next(event for event in events if event.kind is EventKind.TOKEN)
    crashed = lab.status().worker_pid
    os.kill(crashed, signal.SIGSEGV)
    reply = handle.wait(ChatReply)
    assert (reply.model, reply.finish in (FinishReason.LENGTH, FinishReason.STOP)) == (WRITER, True)
    now = lab.status().worker_pid
    assert now != crashed
    assert not psutil.pid_exists(crashed) or psutil.Process(crashed).status() == psutil.STATUS_ZOMBIE
    until(lambda: {lease.request.pid for lease in leases(lab)} == {now}, 15)
    assert [lease.request.purpose for lease in leases(lab) if lease.request.lasting] == [f"model {WRITER}"]
