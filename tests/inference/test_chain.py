"""Which model speaks when the chosen one can't, and what whoever asked is told of it."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from janus_lab.errors import (
    AccessDenied,
    CorruptFile,
    LeaseImpossible,
    LeaseTimeout,
    MissingPackage,
    ModelFailed,
    NotFound,
    RunCancelled,
    SettingsError,
)
from janus_lab.inference import chain as module
from janus_lab.inference.circuit import THRESHOLD
from janus_lab.scheduler.demand import Demand
from janus_lab.scheduler.work import Somebody, Work
from janus_lab.values.lease import CPU, RAM
from janus_lab.values.model import ModelTask
from tests.admitting import admission_over, leases_over
from tests.inference.models_in_hand import House, said


@dataclass
class Listener(Somebody):
    heard: list = field(default_factory=list)

    def told(self, code, text):
        self.heard.append((code, text))


@pytest.fixture
def house(cache):
    with admission_over(leases_over({RAM: 100, CPU: 1})) as admission:
        house = House(admission, cache)
        for name in ("a", "b", "c"):
            house.add(name)
        house.registry.choose(ModelTask.GENERATION, ["a", "b", "c"])
        yield house


def heard(house, models, name=""):
    """What was said and by whom, and what was told."""
    listener = Listener()
    with Work(house.admission, Demand("ask", {RAM: 1}), listener).going():
        return said(models, name), listener.heard


def test_the_chosen_one_answers_and_nothing_is_told(house):
    with house.residency() as models:
        assert heard(house, models) == (("a: hello", "a"), [])


def test_one_that_cannot_be_loaded_is_replaced_by_the_next_and_both_are_named(house):
    house.load_errors["a"] = ModelFailed("broken file", remedy="x")
    with house.residency() as models:
        answer, told = heard(house, models)
    assert answer == ("b: hello", "b")
    assert told == [("model-fallback", "a can't answer (model-failed: broken file), so b is asked instead")]


@pytest.mark.parametrize("error", [SettingsError, AccessDenied, MissingPackage, CorruptFile])
def test_one_whose_key_package_or_file_is_no_good_is_replaced(house, error):
    house.load_errors["a"] = error("its key is not set", remedy="x")
    with house.residency() as models:
        answer, told = heard(house, models)
    assert answer == ("b: hello", "b")
    assert told == [("model-fallback", f"a can't answer ({error.code}: its key is not set), so b is asked instead")]


def test_one_that_is_too_large_for_the_machine_is_replaced(house):
    house.ram["a"] = 1000
    with house.residency() as models:
        answer, told = heard(house, models)
    assert answer[1] == "b"
    assert f"a can't answer ({LeaseImpossible.code}: " in told[0][1]


def test_one_for_which_there_is_no_room_now_is_replaced_after_a_while(house, monkeypatch):
    monkeypatch.setattr(module, "PATIENCE_SECONDS", 0.2)
    house.ram["a"] = 60
    taken = house.admission.ask(Demand("others", {RAM: 50}), Somebody())
    with house.residency() as models:
        answer, told = heard(house, models)
        assert answer[1] == "b"
        assert LeaseTimeout.code in told[0][1]
        house.admission.give_back(taken)
        assert heard(house, models)[0][1] == "a"


def test_one_that_fails_before_its_first_word_is_replaced(house):
    house.speak_errors["a"] = ModelFailed("crash", remedy="x")
    with house.residency() as models:
        assert heard(house, models)[0] == ("b: hello", "b")


def test_after_the_first_word_nobody_takes_over(house):
    house.speak_errors["a"], house.pieces_before["a"] = ModelFailed("crash", remedy="x"), 1
    with house.residency() as models, pytest.raises(ModelFailed, match="crash"):
        said(models)
    assert house.opened == ["a"]


def test_without_fallback_no_other_model_answers(house):
    house.fallback = False
    house.load_errors["a"] = ModelFailed("broken file", remedy="x")
    with house.residency() as models, pytest.raises(ModelFailed, match="broken file"):
        said(models)
    assert house.opened == []


def test_who_names_a_model_gets_that_one_or_an_error(house):
    house.load_errors["b"] = ModelFailed("broken file", remedy="x")
    with house.residency() as models:
        assert said(models, "c")[1] == "c"
        with pytest.raises(ModelFailed):
            said(models, "b")


def test_if_none_can_the_first_error_is_raised(house):
    house.ram["a"] = 1000
    for name in ("b", "c"):
        house.load_errors[name] = ModelFailed(f"{name} broken", remedy="x")
    with house.residency() as models, pytest.raises(LeaseImpossible):
        said(models)


def test_who_stops_is_not_answered_by_another(house):
    house.speak_errors["a"] = RunCancelled("enough", remedy="x")
    with house.residency() as models, pytest.raises(RunCancelled):
        said(models)
    assert house.opened == ["a"]


def test_one_that_failed_again_and_again_is_passed_over_at_once(house):
    house.speak_errors["a"] = ModelFailed("crash", remedy="x")
    with house.residency() as models:
        for _ in range(THRESHOLD):
            said(models)
        del house.speak_errors["a"]
        answer, told = heard(house, models)
        assert answer[1] == "b"
        assert "circuit-open" in told[0][1]
        models.breaker.close("a")
        assert heard(house, models)[0][1] == "a"


def test_a_name_in_the_chain_that_nobody_knows_is_passed_over(house):
    house.registry.choose(ModelTask.GENERATION, ["gone", "b"])
    with house.residency() as models:
        assert said(models)[1] == "b"
        with pytest.raises(NotFound):
            said(models, "gone")


def test_a_smaller_plan_is_told(house, monkeypatch):
    from janus_lab.inference import on_demand

    monkeypatch.setattr(on_demand, "RUNG_SECONDS", 0.1)
    house.ram["a"], house.smaller["a"] = 1000, (200, 50)
    with house.residency() as models:
        answer, told = heard(house, models)
    assert answer[1] == "a"
    assert told == [("smaller-plan", "a: only 50")]


def test_an_eviction_is_told_to_whom_it_is_done_for(house, monkeypatch):
    from janus_lab.inference import on_demand

    monkeypatch.setattr(on_demand, "IDLE_SECONDS", 0.0)
    house.ram["a"] = house.ram["b"] = 60
    with house.residency() as models:
        said(models, "b")
        answer, told = heard(house, models)
    assert answer[1] == "a"
    assert told == [("model-evicted", "model b was unloaded, as its memory was needed")]
