from __future__ import annotations

import threading
import time
from contextlib import closing
from dataclasses import replace

import pytest
from structlog.testing import capture_logs
from waiting import until

from janus_lab.errors import EngineError, ModelFailed, NotFound, RunCancelled, SettingsError
from janus_lab.inference import on_demand, reranking, residency
from janus_lab.scheduler import heartbeat
from janus_lab.scheduler.admission import Admission
from janus_lab.scheduler.demand import Demand
from janus_lab.scheduler.work import Somebody, Work, computing
from janus_lab.values.lease import CPU, RAM
from janus_lab.values.model import ModelTask
from janus_lab.values.run import Priority
from tests.admitting import MACHINE, admission_over, leases_over
from tests.inference.models_in_hand import REQUEST, EngineGone, House, never, said


@pytest.fixture
def leases():
    return leases_over({RAM: 100, CPU: 1})


@pytest.fixture
def house(cache, leases):
    with admission_over(leases) as admission:
        yield House(admission, cache)


class Leaving(Somebody):
    """Waits for so many seconds, and then no longer wants what it asked for."""

    def __init__(self, seconds):
        self.until, self.heard = time.monotonic() + seconds, []

    def waiting(self, _grant, _seconds):
        if time.monotonic() > self.until:
            raise RunCancelled("enough", remedy="repeat")

    def told(self, code, text):
        self.heard.append((code, text))


def lasting(leases):
    return sorted(lease.request.weights[RAM] for lease in leases.book(MACHINE).leases if lease.request.lasting)


def raised(error):
    raise error


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


def test_a_model_that_was_made_known_as_another_is_unloaded_after_its_last_request(house, leases):
    record = house.add("a", 30)
    with house.residency() as models:
        early = models.generator(record)
        with computing(house.admission, Demand("ask", {RAM: 1})) as work, models.on_demand(record).using(work):
            house.add("a", 40, context_tokens=7)
            assert said(models, "a")[1] == "a"
            assert lasting(leases) == [30, 40]
        assert lasting(leases) == [40]
        assert early.count_tokens(()) == 0
        assert (lasting(leases), house.opened) == ([40], ["a", "a", "a"])
    assert (house.open, held(leases)) == (set(), set())


def test_a_choice_of_a_model_that_only_the_settings_named_does_not_load_it_anew(house):
    with house.residency(generation="file:///model.gguf") as models:
        house.ram["model.gguf"], house.smaller["model.gguf"] = 10, ()
        said(models)
        house.registry.put(replace(models.roster.find("model.gguf"), added_at=5.0))
        said(models)
    assert house.opened == ["model.gguf"]


@pytest.mark.parametrize("pinned", [False, True])
def test_a_model_that_was_removed_is_no_longer_held(house, leases, pinned):
    house.add("a", 30, pinned=pinned)
    house.add("b", 30, pinned=pinned)
    with house.residency() as models:
        said(models, "a")
        said(models, "b")
        house.registry.remove("a")
        models.sweep()
        assert (models.loaded(), house.open, held(leases)) == (["b"], {"b"}, {"model b"})
        retired = list(models._retired)
        assert retired == []


def test_models_go_on_to_be_unloaded_though_one_look_at_them_failed(house, monkeypatch):
    monkeypatch.setattr(residency, "_LOOK_SECONDS", 0.02)
    house.idle_seconds = 0.05
    house.add("a", 30)
    with capture_logs() as logs, house.residency() as models:
        records, failures = models.roster.records, [ValueError("a row that nobody understands"), OSError("gone")]
        models.roster.records = lambda: records() if not failures else raised(failures.pop())
        said(models, "a")
        until(lambda: not house.open and not failures)
    assert [log["event"] for log in logs].count("models-not-swept") == 2


def test_a_load_that_nobody_waits_for_any_more_ends_and_leaves_nothing(house, leases):
    record = house.add("a", 30)
    house.load_seconds = 300.0
    with house.residency() as models:
        work = Work(house.admission, Demand("load", {CPU: 1}), Leaving(0.1))
        began = time.monotonic()
        with pytest.raises(RunCancelled), work.going():
            models.on_demand(record).info()
        assert time.monotonic() - began < 30
        assert (models.loaded(), house.opened, held(leases)) == ([], [], set())
        assert house.registry.circuits() == {}
        house.load_seconds = 0.0
        assert said(models, "a")[1] == "a"


def test_who_ranks_waits_for_memory_only_for_a_while(house, leases, monkeypatch):
    monkeypatch.setattr(reranking, "PATIENCE_SECONDS", 0.1)
    house.add("a", 80, pinned=True)
    house.add("ranker", 40, task=ModelTask.RERANKING)
    house.registry.choose(ModelTask.RERANKING, ["ranker"])
    batch = Leaving(float("inf"))
    batch.priority = Priority.BATCH
    with house.residency() as models:
        said(models, "a")
        with Work(house.admission, Demand("search", {CPU: 1}), batch).going():
            assert models.rerankers().rerank("q", ["one"]) is None
        assert held(leases) == {"model a"}
    [(code, text)] = batch.heard
    assert code == "model-fallback"
    assert "ranker can't put hits in order (no-room:" in text


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


class Ahead:
    """The process's clock, which a test puts forward."""

    def __init__(self):
        self.by = 0.0

    def __call__(self):
        return time.monotonic() + self.by

    def put_forward(self):
        self.by += 1e9


def test_the_cheapest_and_longest_unused_goes_for_another_and_no_more_than_needed(cache, leases, monkeypatch):
    monkeypatch.setattr(on_demand, "IDLE_SECONDS", 0.0)
    clock = Ahead()
    house = House(Admission(leases, machine=MACHINE, holder="test", ttl_seconds=60.0, clock=clock), cache)
    for name in ("a", "b", "c"):
        house.add(name, 30)
    house.add("d", 35)
    with closing(house.admission), house.residency() as models:
        house.while_loading = clock.put_forward
        said(models, "a")
        house.while_loading = lambda: None
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


@pytest.fixture
def heard_soon(monkeypatch):
    """What is wanted of a lease is heard every tenth of a second, and no lease is lost meanwhile; so long it lives."""
    monkeypatch.setattr(heartbeat, "_BEATS", 600)
    return 60.0


def test_a_lease_that_is_asked_back_unloads_the_model_once_nobody_uses_it(cache, leases, heard_soon):
    with admission_over(leases, ttl_seconds=heard_soon) as admission:
        house = House(admission, cache)
        record = house.add("a", 30, pinned=True)
        with house.residency() as models:
            speech = models.generator(record).stream(REQUEST, cancelled=never)
            next(speech)
            (lease,) = (one for one in leases.book(MACHINE).leases if one.request.lasting)
            mine, asked = models.on_demand(record)._held, []
            heeded = mine.asked_to_yield
            mine.asked_to_yield = lambda: asked.append(heeded())
            assert leases.ask_back(MACHINE, lease.request.id)
            until(lambda: len(asked) > 1)
            assert house.open == {"a"}
            speech.close()
            until(lambda: not held(leases))
            assert house.open == set()
            assert said(models, "a")[1] == "a"


def test_an_idle_model_makes_way_for_another_process_of_the_same_class(cache, leases, monkeypatch, heard_soon):
    monkeypatch.setattr(on_demand, "IDLE_SECONDS", 0.0)
    with (
        admission_over(leases, ttl_seconds=heard_soon) as here,
        admission_over(leases, ttl_seconds=heard_soon) as there,
    ):
        house, other = House(here, cache), House(there, cache)
        house.add("a", 70)
        other.add("b", 70)
        with house.residency() as models, other.residency() as others:
            said(models, "a")
            assert said(others, "b")[1] == "b"
            assert (house.open, other.open) == (set(), {"b"})
