"""A worker that is killed while it fetches a model: another one goes on with what had come, and the model is whole."""

from __future__ import annotations

import os
import signal

import pytest
from made_models import made_model

from janus_lab.values.event import EventKind
from janus_lab.values.generation import Message
from janus_lab.values.run import RunKind

pytestmark = [pytest.mark.fault, pytest.mark.timeout(600)]


def test_a_pull_survives_the_death_of_its_worker(project, new_lab, hub, monkeypatch, tmp_path):
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hf"))
    model = made_model(tmp_path / "small.gguf", "llama").read_bytes() + bytes(3_000_000)
    hub.put("org/small", {"small.gguf": model}, licence="mit")
    hub.slow_seconds = 0.6
    lab = new_lab(project / ".janus", hub_url=hub.url)
    killed: list[int] = []

    def kill_once(event):
        if event.kind is EventKind.PROGRESS and 500_000 < event.data["done"] < len(model) and not killed:
            killed.append(lab.status().worker_pid)
            os.kill(killed[0], signal.SIGKILL)
            hub.slow_seconds = 0.0

    report = lab.models.pull("hf://org/small/small.gguf", on_event=kill_once)
    assert killed
    assert (tmp_path / "hf" / "models--org--small").is_dir()
    ranges = [asked.range for asked in hub.asked("small.gguf")]
    assert ranges[0] == ""
    assert int(ranges[-1].removeprefix("bytes=").removesuffix("-")) >= 500_000
    assert report.files.size == len(model)
    assert lab.chat([Message("user", "Hello")], max_tokens=2, model="small").model == "small"
    (run,) = lab.runs(kinds=[RunKind.PULL])
    assert run.attempts == 2
