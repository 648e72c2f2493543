"""Pull runs in a real lab: a model comes, is checked and known; or nothing is."""

from __future__ import annotations

from pathlib import Path

import pytest
from made_models import made_model
from split_models import split_model

from janus_lab import open_lab
from janus_lab.errors import RunCancelled, RunFailed, UserError
from janus_lab.runs.context import SLICE_SECONDS
from janus_lab.values.event import EventKind
from janus_lab.values.generation import Message
from janus_lab.values.model import ModelOptions, ModelTask
from janus_lab.values.model_run import PullReport
from janus_lab.values.run import RunKind, RunState


@pytest.fixture
def weights(tmp_path):
    return made_model(tmp_path / "made.gguf", "llama").read_bytes()


@pytest.fixture
def lab(tmp_path, hub, monkeypatch):
    monkeypatch.setattr("janus_lab.adapters.hub.cache_folder.HF_HUB_CACHE", str(tmp_path / "hf"))
    with open_lab(tmp_path / "lab", inline=True, hub_url=hub.url) as opened:
        yield opened


def test_a_pulled_model_is_known_at_its_commit_and_speaks(lab, hub, weights):
    commit = hub.put("org/small", {"small.Q8_0.gguf": weights}, licence="apache-2.0")
    told = []
    report = lab.models.pull("hf://org/small", options=ModelOptions(context_tokens=256), on_event=told.append)
    assert report.record.name == "small.Q8_0"
    assert report.record.uri == f"hf://org/small/small.Q8_0.gguf@{commit}"
    assert report.files.licence == "apache-2.0"
    words = [event.data["what"] for event in told if event.kind is EventKind.PROGRESS]
    assert "org/small: licence apache-2.0" in words
    assert "fetching small.Q8_0.gguf" in words
    status = lab.models.show("small.Q8_0")
    assert status.shape.architecture == "llama"
    assert status.record.options.context_tokens == 256
    reply = lab.chat([Message("user", "Hello")], max_tokens=4, model="small.Q8_0")
    assert reply.model == "small.Q8_0"


def test_a_hub_that_is_away_fails_the_run_and_nothing_else(tmp_path):
    with open_lab(tmp_path / "lab", inline=True, hub_url="http://127.0.0.1:9") as lab:
        with pytest.raises(RunFailed, match="hub-unreachable"):
            lab.models.pull("hf://org/small")
        (run,) = lab.runs(kinds=[RunKind.PULL])
        assert (run.state, run.attempts) == (RunState.FAILED, 1)


@pytest.mark.parametrize("licence", ["", "gemma", "cc-by-nc-4.0"])
def test_a_licence_that_nobody_accepted_is_told_before_anything_comes(lab, hub, weights, licence):
    hub.put("org/own", {"own.gguf": weights}, licence=licence)
    with pytest.raises(RunFailed) as caught:
        lab.models.pull("hf://org/own/own.gguf")
    assert (licence or "no licence") in caught.value.message
    assert f"{hub.url}/org/own" in caught.value.remedy
    assert not hub.asked("own.gguf")
    report = lab.models.pull("hf://org/own/own.gguf", accept_licence=True, name="mine")
    assert lab.models.show("mine").files == report.files


def test_a_pull_that_takes_long_is_gone_on_with_in_other_attempts(lab, hub, weights, monkeypatch):
    monkeypatch.setattr("janus_lab.inference.pull_run._LOOK_SECONDS", 0.1)
    monkeypatch.setattr("janus_lab.runs.context.WAIT_SECONDS", 1.5 - SLICE_SECONDS)
    large = weights + bytes(1_000_000)
    hub.put("org/large", {"large.gguf": large}, licence="mit")
    hub.slow_seconds = 0.1
    report = lab.models.pull("hf://org/large")
    assert report.files.size == len(large)
    starts = [asked.range for asked in hub.asked("large.gguf")]
    assert len(starts) > 1
    assert all(start.startswith("bytes=") for start in starts[1:])
    (run,) = lab.runs(kinds=[RunKind.PULL])
    assert run.attempts == 1


def test_a_cancelled_pull_is_gone_on_with_when_it_is_retried(lab, hub, weights):
    hub.put("org/large", {"large.gguf": weights + bytes(4_000_000)}, licence="mit")
    # Half a second later how far it is may be told again; the rest would come for half a minute after that.
    hub.slow_seconds = 0.6

    def cancel(event):
        if event.kind is EventKind.PROGRESS and event.data["done"] and event.data["what"].endswith("gguf"):
            lab.cancel(event.run_id)

    with pytest.raises(RunCancelled):
        lab.models.pull("hf://org/large", on_event=cancel)
    assert not [one for one in lab.models.all() if one.record.name == "large"]
    hub.slow_seconds = 0.0
    hub.log.clear()
    (run,) = lab.runs(kinds=[RunKind.PULL])
    lab.retry(run.id).wait(PullReport)
    assert [asked.range.startswith("bytes=") for asked in hub.asked("large.gguf")] == [True]
    assert lab.models.show("large").files is not None


def test_what_is_no_model_is_not_made_known(lab, hub):
    hub.put("org/fake", {"fake.gguf": b"<html>" * 50}, licence="mit")
    with pytest.raises(RunFailed, match=r"fake\.gguf"):
        lab.models.pull("hf://org/fake")
    assert not [one for one in lab.models.all() if one.record.name == "fake"]


def test_a_file_of_this_machine_is_made_known_as_it_is(lab, tmp_path, weights):
    report = lab.models.pull((tmp_path / "made.gguf").as_uri(), name="made")
    assert report.files.licence == "apache-2.0"
    assert lab.models.show("made").files.paths == (str(tmp_path / "made.gguf"),)


def test_a_split_model_is_pulled_whole_and_speaks(lab, hub, tmp_path):
    parts = split_model(made_model(tmp_path / "whole.gguf", "qwen2"), tmp_path, 3)
    hub.put("org/split", {part.name: part.read_bytes() for part in parts}, licence="mit")
    report = lab.models.pull(f"hf://org/split/{parts[1].name}", options=ModelOptions(context_tokens=256))
    assert report.record.name == "split"
    assert [Path(path).name for path in report.files.paths] == [part.name for part in parts]
    assert lab.chat([Message("user", "Hello")], max_tokens=4, model="split").model == "split"


def test_a_newer_commit_takes_the_place_of_the_older_with_its_options(lab, hub, weights):
    hub.put("org/small", {"a b.gguf": weights}, licence="mit")
    lab.models.pull("hf://org/small", options=ModelOptions(context_tokens=256))
    commit = hub.put("org/small", {"a b.gguf": weights, "more.txt": b"more"}, licence="mit")
    record = lab.models.pull("hf://org/small/a%20b.gguf").record
    assert (record.name, record.options.context_tokens) == ("a-b", 256)
    assert record.uri == f"hf://org/small/a%20b.gguf@{commit}"


def test_another_model_is_not_put_aside_by_one_of_the_same_file_name(lab, hub, weights):
    for repository in ("org/one", "org/two"):
        hub.put(repository, {"small.gguf": weights}, licence="mit")
    lab.models.pull("hf://org/one")
    with pytest.raises(RunFailed, match="org/one"):
        lab.models.pull("hf://org/two")
    lab.models.pull("hf://org/two", name="second")
    assert {"small", "second"} <= {one.record.name for one in lab.models.all()}


def test_from_a_server_nothing_is_fetched(lab):
    with pytest.raises(RunFailed, match="server"):
        lab.models.pull("http://127.0.0.1:9/v1")
    with pytest.raises(UserError, match="name"):
        lab.models.pull("hf://org/small", name="a/b")


def test_a_model_from_a_hub_that_is_not_here_says_how_to_get_it(lab, tmp_path, hub):
    lab.models.add("far", "hf://org/far/far.gguf", ModelTask.GENERATION)
    assert "janus models pull hf://org/far/far.gguf" in lab.models.show("far").missing
    assert hub.log == []
