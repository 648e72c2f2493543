"""Pull runs in a real lab: a model comes, is checked and known; or nothing is."""

from __future__ import annotations

import pytest
from made_models import made_model

from janus_lab import open_lab
from janus_lab.errors import RunFailed, UserError
from janus_lab.values.event import EventKind
from janus_lab.values.generation import Message
from janus_lab.values.model import ModelOptions, ModelTask


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


def test_what_is_no_model_is_not_made_known(lab, hub):
    hub.put("org/fake", {"fake.gguf": b"<html>" * 50}, licence="mit")
    with pytest.raises(RunFailed, match=r"fake\.gguf"):
        lab.models.pull("hf://org/fake")
    assert not [one for one in lab.models.all() if one.record.name == "fake"]


def test_a_file_of_this_machine_is_made_known_as_it_is(lab, tmp_path, weights):
    report = lab.models.pull((tmp_path / "made.gguf").as_uri(), name="made")
    assert report.files.licence == "apache-2.0"
    assert lab.models.show("made").files.paths == (str(tmp_path / "made.gguf"),)


def test_from_a_server_nothing_is_fetched(lab):
    with pytest.raises(RunFailed, match="server"):
        lab.models.pull("http://127.0.0.1:9/v1")
    with pytest.raises(UserError, match="name"):
        lab.models.pull("hf://org/small", name="a/b")


def test_a_model_from_a_hub_that_is_not_here_says_how_to_get_it(lab, tmp_path, hub):
    lab.models.add("far", "hf://org/far/far.gguf", ModelTask.GENERATION)
    assert "janus models pull hf://org/far/far.gguf" in lab.models.show("far").missing
    assert hub.log == []
