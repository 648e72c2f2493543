"""A lab's models: listed with what is known, chosen, loaded and unloaded, and asked with what stands in for them told."""

from __future__ import annotations

import pytest

from janus_lab import open_lab
from janus_lab.errors import (
    CorruptFile,
    MissingPackage,
    NotFound,
    SettingsError,
    UnknownScheme,
    UsageError,
    UserError,
)
from janus_lab.values.generation import Message
from janus_lab.values.model import ModelOptions, ModelTask, Origin
from janus_lab.values.model_run import BenchRequest

AWAY = "http://127.0.0.1:9/v1"


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    with open_lab(tmp_path_factory.mktemp("registry") / ".janus", inline=True) as opened:
        yield opened


@pytest.fixture(autouse=True)
def as_the_settings_say(lab):
    yield
    for task in ModelTask:
        lab.models.use(task=task)


def named(lab, task: ModelTask) -> str:
    return next(one.record.name for one in lab.models.all() if one.record.task is task)


def test_the_settings_models_are_known_with_their_files_and_licences(lab):
    found = {one.record.task: one for one in lab.models.all()}
    assert set(found) == {ModelTask.GENERATION, ModelTask.EMBEDDING}
    for one in found.values():
        assert (one.files.licence, len(one.files.content_hash), one.place) == ("Apache-2.0", 64, 1)
        assert one.fit.now
        assert one.fit.place == "cpu"
    assert found[ModelTask.GENERATION].shape.architecture == "llama"


def test_a_load_is_measured_seen_in_the_lease_book_and_given_back(lab):
    name = named(lab, ModelTask.GENERATION)
    report = lab.models.load(name)
    assert report.measured.origin is Origin.MEASURED
    status = lab.models.show(name)
    (resident,) = status.residents
    assert dict(resident.covered) == dict(report.covered)
    assert status.measured.footprint == report.measured
    assert status.fit.footprint.origin is Origin.MEASURED
    (memory,) = (one for one in lab.models.view().memory if one.resource == "ram")
    (share,) = (one for one in memory.shares if one.model == name)
    assert share.weights + share.cache + share.compute == resident.covered["ram"]
    assert memory.free < memory.total
    assert lab.models.load(name).already
    gone = lab.models.unload(name)
    assert (gone.asked, gone.left) == (1, 0)
    assert lab.models.show(name).residents == ()
    assert lab.models.unload(name).asked == 0


def test_a_bench_is_remembered(lab):
    name = named(lab, ModelTask.GENERATION)
    report = lab.models.bench(BenchRequest(name, prompt_tokens=32, reply_tokens=8, streams=(1,)))
    assert report.generation_speed > 0
    assert lab.models.show(name).measured.generation_speed == report.generation_speed


def test_so_is_that_of_a_model_whose_memory_nobody_tells(lab):
    name = named(lab, ModelTask.EMBEDDING)
    report = lab.models.bench(BenchRequest(name, ModelTask.EMBEDDING, prompt_tokens=16))
    status = lab.models.show(name)
    assert status.measured.prompt_speed == report.prompt_speed > 0
    assert status.footprint == status.fit.footprint
    lab.models.unload(name)


def test_a_model_that_is_away_is_stood_in_for_and_who_spoke_is_told(lab):
    own = named(lab, ModelTask.GENERATION)
    lab.models.add("away", AWAY, options=ModelOptions(remote_model="big"))
    chain = lab.models.use("away", own)
    assert [record.name for record in chain] == ["away", own]
    reply = lab.chat([Message("user", "Say yes.")], max_tokens=4)
    assert reply.model == own
    assert lab.models.show("away").place == 1
    lab.models.use()
    assert lab.models.remove("away").uri == AWAY
    with pytest.raises(NotFound):
        lab.models.show("away")


def test_what_makes_no_sense_is_refused(lab):
    embedding = named(lab, ModelTask.EMBEDDING)
    with pytest.raises(NotFound) as caught:
        lab.models.use("smollm2")
    assert f"did you mean {named(lab, ModelTask.GENERATION)}?" in caught.value.remedy
    with pytest.raises(NotFound) as caught:
        lab.models.use("zzz")
    assert "did you mean" not in caught.value.remedy
    with pytest.raises(UserError, match="for embedding"):
        lab.models.use(embedding)
    with pytest.raises(UserError, match="name"):
        lab.models.add("../up", AWAY)
    with pytest.raises(NotFound, match="nobody"):
        lab.models.remove(embedding)


def test_a_model_whose_file_is_missing_says_what_to_do(lab, tmp_path):
    file = tmp_path / "gone.gguf"
    file.write_bytes(b"GGUF")
    lab.models.add("gone", file.as_uri())
    file.unlink()
    status = lab.models.show("gone")
    assert str(tmp_path) in status.missing
    with pytest.raises(NotFound, match="gone"):
        lab.models.fit("gone")
    lab.models.remove("gone")


@pytest.mark.parametrize(
    ("uri", "error", "words"),
    [
        ("ftp://somewhere/m.gguf", UnknownScheme, "http://host:port/v1"),
        ("nonsense", UserError, "hf://organisation"),
        ("no/such.gguf", NotFound, "correct the path"),
        ("file:///no/such.gguf", NotFound, "/no/such.gguf"),
        ("file://no/such.gguf", UserError, "file:///no/such.gguf"),
        ("file:such.gguf", UserError, "file:///"),
        ("file:///tmp", UserError, "name the model's file"),
        ("localhost:8000/v1", UserError, "http://localhost:8000/v1"),
        ("http://", SettingsError, "http://host:port/v1"),
        ("hf://organisation", UsageError, "hf://organisation/repository"),
        ("vllm://", UserError, "vllm://organisation"),
        ("package://no-such-thing/m.gguf", MissingPackage, "pip install"),
        ("", UserError, "give file:///path"),
    ],
)
def test_an_address_that_leads_nowhere_is_refused_before_anything_is_kept(lab, uri, error, words):
    with pytest.raises(error) as caught:
        lab.models.add("lost", uri)
    assert words in caught.value.remedy
    with pytest.raises(NotFound):
        lab.models.show("lost")


def test_a_path_is_kept_whole_and_only_a_model_is_taken(lab, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "m.gguf").write_bytes(b"GGUF")
    (tmp_path / "notes.txt").write_text("no model")
    assert lab.models.add("here", "m.gguf").uri == (tmp_path / "m.gguf").as_uri()
    lab.models.remove("here")
    with pytest.raises(CorruptFile, match=r"notes\.txt"):
        lab.models.add("here", "./notes.txt")
    assert lab.models.add("here", "notes.txt", ModelTask.RERANKING).task is ModelTask.RERANKING
    lab.models.remove("here")


def test_a_model_that_collections_are_searched_by_is_not_forgotten_unasked(lab, tmp_path):
    (tmp_path / "a.txt").write_text("Lima is old.")
    own = lab.models.show(named(lab, ModelTask.EMBEDDING))
    precise = ModelOptions(precision="fp32")
    lab.models.add("precise", own.record.uri, ModelTask.EMBEDDING, precise)
    lab.models.remove("precise")
    lab.ingest(tmp_path / "a.txt", collection="towns")
    assert lab.models.show(own.record.name).collections == ("towns",)
    assert lab.status().indexes == {"towns": own.record.name}
    lab.models.add("precise", own.record.uri, ModelTask.EMBEDDING, precise)
    assert lab.models.remove("precise").name == "precise"  # the settings' own model is at that address


def test_the_status_names_the_models_that_were_chosen(lab):
    own = named(lab, ModelTask.GENERATION)
    lab.models.add("away", AWAY)
    lab.models.use("away", own)
    assert lab.status().serving["generation"] == ("away", own)
    lab.models.use()
    lab.models.remove("away")
    assert lab.status().serving["generation"] == (own,)


def test_a_list_asks_once_for_all_models_what_holds_for_all(lab, monkeypatch):
    asked = []
    circuits = lab.models._registry.circuits
    monkeypatch.setattr(lab.models._registry, "circuits", lambda: asked.append("circuits") or circuits())
    indexes = lab.models._outlook.indexes
    monkeypatch.setattr(lab.models._outlook, "indexes", lambda: asked.append("indexes") or indexes())
    assert len(lab.models.view().models) > 1
    assert sorted(asked) == ["circuits", "indexes"]
