from __future__ import annotations

import threading
import time

import pytest

from janus_lab.errors import EngineError, ModelFailed, NotFound, SettingsError
from janus_lab.inference import on_demand
from janus_lab.values.lease import CPU, RAM
from janus_lab.values.model import ModelTask
from tests.admitting import MACHINE, admission_over, leases_over
from tests.inference.models_in_hand import REQUEST, EngineGone, House, never, said


@pytest.fixture
def leases():
    return leases_over({RAM: 100, CPU: 1})


@pytest.fixture
def house(cache, leases):
    with admission_over(leases) as admission:
        yield House(admission, cache)


def held(leases):
    return {lease.request.purpose for lease in leases.book(MACHINE).leases}


def test_a_model_is_loaded_at_its_first_use_and_unloaded_at_the_end(house):
    record = house.add("a", 60)
    with house.residency() as models:
        generator = models.generator(record)
        assert house.opened == []
        assert [t.text for t in generator.stream(REQUEST, cancelled=never)] == ["a: hello"]
        assert generator.count_tokens(REQUEST.messages) == 1
        assert generator.info.name == "a"
        assert (house.opened, models.loaded()) == (["a"], ["a"])
    assert house.open == set()
    with pytest.raises(EngineError, match="unloaded"):
        generator.info  # noqa: B018


def test_threads_that_come_together_load_once(house):
    record = house.add("a")
    house.load_seconds = 0.02
    with house.residency() as models:
        threads = [threading.Thread(target=lambda: models.generator(record).info) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert house.opened == ["a"]


def test_a_model_whose_engine_ended_is_loaded_anew(house, leases):
    record = house.add("a")
    with house.residency() as models:
        speak = models.generator(record).stream
        house.speak_errors["a"] = ModelFailed("only this one", remedy="repeat")
        with pytest.raises(ModelFailed, match="only"):
            list(speak(REQUEST, cancelled=never))
        assert models.loaded() == ["a"]
        house.speak_errors["a"] = EngineGone("all of it", remedy="repeat")
        with pytest.raises(EngineGone):
            list(speak(REQUEST, cancelled=never))
        assert (models.loaded(), held(leases)) == ([], set())
        del house.speak_errors["a"]
        assert [token.text for token in speak(REQUEST, cancelled=never)] == ["a: hello"]
    assert house.opened == ["a", "a"]


def test_a_load_that_failed_is_tried_again(house):
    record = house.add("a")
    house.load_errors["a"] = ModelFailed("no", remedy="repeat")
    with house.residency() as models:
        with pytest.raises(ModelFailed):
            models.generator(record).count_tokens(())
        house.load_errors.clear()
        assert models.generator(record).count_tokens(()) == 0


def test_a_backend_that_cannot_score_says_so(house):
    record = house.add("a")
    with house.residency() as models, pytest.raises(SettingsError, match="score"):
        models.generator(record).score((), ["a"])


def test_many_models_live_at_once_and_each_says_its_name(house, leases):
    for name in ("a", "b", "c"):
        house.add(name, 30)
    with house.residency() as models:
        assert [said(models, name) for name in ("a", "b", "c")] == [(f"{n}: hello", n) for n in ("a", "b", "c")]
        assert models.loaded() == ["a", "b", "c"]
        assert held(leases) == {"model a", "model b", "model c"}
    assert held(leases) == set()


def test_a_choice_counts_at_once(house):
    house.add("a")
    house.add("b")
    with house.residency() as models:
        house.registry.choose(ModelTask.GENERATION, ["a"])
        assert said(models)[1] == "a"
        house.registry.choose(ModelTask.GENERATION, ["b", "a"])
        assert said(models)[1] == "b"


def test_who_chose_nothing_gets_the_model_of_the_settings(house):
    house.add("model.gguf")
    with house.residency(generation="file:///model.gguf") as models:
        assert said(models)[1] == "model.gguf"


def test_a_name_that_nobody_knows_is_named(house):
    with house.residency() as models, pytest.raises(NotFound, match="'x'"):
        said(models, "x")


def test_without_any_model_nobody_speaks(house):
    with house.residency() as models:
        assert not models.speakers().any()
        with pytest.raises(SettingsError, match="no model"):
            said(models)


def test_a_model_that_was_added_anew_is_loaded_anew(house, leases):
    house.add("a", 30)
    with house.residency() as models:
        said(models, "a")
        house.add("a", 40, context_tokens=7)
        said(models, "a")
        models.sweep()
        assert house.opened == ["a", "a"]
        assert [dict(lease.request.weights) for lease in leases.book(MACHINE).leases] == [{RAM: 40}]


def test_what_rests_is_unloaded_unless_it_is_pinned(house, leases):
    house.idle_seconds = 0.05
    house.add("a", 30)
    house.add("b", 30, pinned=True)
    with house.residency() as models:
        said(models, "a")
        said(models, "b")
        time.sleep(0.06)
        models.sweep()
        assert (house.open, held(leases)) == ({"b"}, {"model b"})


def test_the_cheapest_and_longest_unused_goes_for_another_and_no_more_than_needed(house, monkeypatch):
    monkeypatch.setattr(on_demand, "IDLE_SECONDS", 0.0)
    for name in ("a", "b", "c"):
        house.add(name, 30)
    house.add("d", 35)
    with house.residency() as models:
        house.load_seconds = 0.1
        said(models, "a")
        house.load_seconds = 0.0
        said(models, "b")
        said(models, "c")
        said(models, "d")
        assert "a" in house.open
        assert len(house.open) == 3


def test_a_pinned_model_stays_and_the_newcomer_is_laid_out_smaller(house, monkeypatch):
    monkeypatch.setattr(on_demand, "IDLE_SECONDS", 0.0)
    monkeypatch.setattr(on_demand, "RUNG_SECONDS", 0.1)
    house.add("a", 70, pinned=True)
    house.add("b", 60, smaller=(45, 25))
    with house.residency() as models:
        said(models, "a")
        assert said(models, "b")[1] == "b"
        assert house.open == {"a", "b"}


def test_a_lease_that_is_asked_back_unloads_the_model_once_nobody_uses_it(cache, leases):
    with admission_over(leases, ttl_seconds=0.4) as admission:
        house = House(admission, cache)
        record = house.add("a", 30, pinned=True)
        with house.residency() as models:
            speech = models.generator(record).stream(REQUEST, cancelled=never)
            next(speech)
            (lease,) = (one for one in leases.book(MACHINE).leases if one.request.lasting)
            assert leases.ask_back(MACHINE, lease.request.id)
            time.sleep(0.3)
            assert house.open == {"a"}
            speech.close()
            deadline = time.monotonic() + 2
            while house.open:
                assert time.monotonic() < deadline
                time.sleep(0.01)
            assert held(leases) == set()
            assert said(models, "a")[1] == "a"


def test_an_idle_model_makes_way_for_another_process_of_the_same_class(cache, leases, monkeypatch):
    monkeypatch.setattr(on_demand, "IDLE_SECONDS", 0.0)
    with admission_over(leases, ttl_seconds=0.4) as here, admission_over(leases, ttl_seconds=0.4) as there:
        house, other = House(here, cache), House(there, cache)
        house.add("a", 70)
        other.add("b", 70)
        with house.residency() as models, other.residency() as others:
            said(models, "a")
            assert said(others, "b")[1] == "b"
            assert (house.open, other.open) == (set(), {"b"})
