"""`janus doctor` finds what is wrong and says what to do."""

from __future__ import annotations

from janus_lab import open_lab
from janus_lab.values.answer import Outcome
from janus_lab.values.health import Verdict
from janus_lab.values.model import ModelOptions


def test_a_healthy_lab(lab):
    report = lab.doctor()
    assert report.healthy
    assert [c.name for c in report.checks if c.verdict is not Verdict.OK] == []


def test_a_missing_model_is_found_before_it_is_needed(project):
    with open_lab(project / ".janus", inline=True, generation_model="package://no-such-dist/model.gguf") as lab:
        failed = [c for c in lab.doctor().checks if c.verdict is Verdict.FAILED]
    assert [c.name for c in failed] == ["generation model"]
    assert "pip install" in failed[0].remedy


def test_a_chosen_model_is_looked_for_and_one_in_its_place(lab):
    lab.models.add("far", "hf://org/far/far.gguf")
    lab.models.use("SmolLM2-135M-Instruct.Q4_1", "far")
    (warning,) = (c for c in lab.doctor().checks if c.verdict is not Verdict.OK)
    assert (warning.name, warning.verdict) == ("generation model", Verdict.WARNING)
    assert "janus models pull hf://org/far/far.gguf" in warning.remedy
    lab.models.use("far")
    assert [c.name for c in lab.doctor().checks if c.verdict is Verdict.FAILED] == ["generation model"]
    lab.models.add("server", "http://127.0.0.1:9/v1")
    lab.models.use("server")
    (silent,) = (c for c in lab.doctor().checks if c.verdict is not Verdict.OK)
    assert "127.0.0.1:9" in silent.detail
    lab.models.add("locked", "http://127.0.0.1:9/v1", options=ModelOptions(key_variable="NO_SUCH_KEY"))
    lab.models.use("server", "locked")
    first, second = (c.detail for c in lab.doctor().checks if c.verdict is not Verdict.OK)
    assert first.startswith("server: no server")
    assert second.startswith("locked: the environment variable NO_SUCH_KEY")


def test_a_misspelt_variable_is_named_with_the_right_one(lab, monkeypatch):
    monkeypatch.setenv("JANUS_COLECTION", "papers")
    report = lab.doctor()
    (warning,) = (c for c in report.checks if c.verdict is not Verdict.OK)
    assert report.healthy
    assert (warning.verdict, warning.name) == (Verdict.WARNING, "environment")
    assert "JANUS_COLECTION" in warning.detail
    assert "JANUS_COLLECTION" in warning.remedy


def test_without_a_generation_model_answers_are_quotes(project):
    with open_lab(project / ".janus", inline=True, generation_model="") as lab:
        lab.ingest(project / "notes")
        answer = lab.ask("Who built the oldest pump?")
        assert lab.doctor().healthy
    assert (answer.outcome, answer.draft) == (Outcome.EXTRACTIVE, "")
    assert "Mira Okafor" in answer.text
    assert lab.settings.generation_model == ""


def test_a_doctor_starts_nothing(project):
    with open_lab(project / ".janus") as lab:
        assert lab.doctor().healthy
        assert not lab.status().running


def test_a_failed_run_is_named_with_the_way_to_retry_it(project):
    with open_lab(project / ".janus", inline=True, embedding_model="file:///no/such.onnx") as lab:
        handle = lab.start_ingest(project / "notes")
        list(handle.events())
        warnings = [c for c in lab.doctor().checks if c.name == "runs"]
    assert warnings[0].verdict is Verdict.WARNING
    assert handle.id[:12] in warnings[0].remedy
