"""A lab's models: listed with what is known, chosen, loaded and unloaded, and asked with what stands in for them told."""

from __future__ import annotations

import pytest

from janus_lab import open_lab
from janus_lab.errors import NotFound, UserError
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
    with pytest.raises(NotFound):
        lab.models.use("nobody")
    with pytest.raises(UserError, match="for embedding"):
        lab.models.use(embedding)
    with pytest.raises(UserError, match="name"):
        lab.models.add("../up", AWAY)
    with pytest.raises(NotFound, match="nobody"):
        lab.models.remove(embedding)


def test_a_model_whose_file_is_missing_says_what_to_do(lab, tmp_path):
    lab.models.add("gone", (tmp_path / "gone.gguf").as_uri())
    status = lab.models.show("gone")
    assert str(tmp_path) in status.missing
    with pytest.raises(NotFound, match="gone"):
        lab.models.fit("gone")
    lab.models.remove("gone")
