"""Models under lasting leases: loaded by who holds nothing meanwhile, unloaded when others need their memory."""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager
from types import SimpleNamespace

import pytest
from waiting import until

from janus_lab.errors import LeaseImpossible, ModelFailed
from janus_lab.inference import on_demand
from janus_lab.inference.layout import Layout
from janus_lab.inference.on_demand import OnDemand
from janus_lab.scheduler.demand import Demand
from janus_lab.scheduler.work import Somebody, Work, computing
from janus_lab.values.generation import ModelInfo
from janus_lab.values.lease import CPU, RAM
from janus_lab.values.run import Priority
from tests.admitting import MACHINE, admission_over, leases_over

INFO = ModelInfo("file:///m", "m", "0" * 64, "MIT")
COMPUTING = Demand("computing", {CPU: 1, RAM: 20})


class Opens:
    def __init__(self, error=None):
        self.open, self.error = 0, error

    @contextmanager
    def __call__(self, _still_wanted):
        if self.error is not None:
            raise self.error
        time.sleep(0.02)
        self.open += 1
        yield SimpleNamespace(info=INFO)
        self.open -= 1


@pytest.fixture
def leases():
    return leases_over({RAM: 100, CPU: 2})


@pytest.fixture
def admission(leases):
    with admission_over(leases) as admission:
        yield admission


def held(leases):
    return sorted(lease.request.purpose for lease in leases.book(MACHINE).leases)


def model_of(opens, admission, ram):
    return OnDemand("m", lambda: [Layout(opens, Demand("model", {RAM: ram}))], admission)


def relieving(admission, *models):
    """Unload what rests while somebody waits for memory."""
    admission.relieved_by(lambda _lacking: [m.unload_unused() for m in models if m.idle() is not None])


def use(model, admission, seconds=0.0):
    with computing(admission, COMPUTING) as work, model.using(work):
        time.sleep(seconds)


def test_a_loaded_model_keeps_its_lease_and_gives_it_back_when_it_is_closed(admission, leases):
    opens = Opens()
    model = model_of(opens, admission, 60)
    use(model, admission)
    assert (held(leases), opens.open, model.info()) == (["model"], 1, INFO)
    (lease,) = leases.book(MACHINE).leases
    assert lease.request.lasting
    model.close()
    assert (held(leases), opens.open) == ([], 0)


def test_a_load_that_fails_gives_its_lease_back(admission, leases):
    model = model_of(Opens(ModelFailed("no", remedy="x")), admission, 60)
    with pytest.raises(ModelFailed):
        use(model, admission)
    assert held(leases) == []


def test_a_model_larger_than_the_machine_is_refused(admission):
    model = model_of(Opens(), admission, 101)
    with pytest.raises(LeaseImpossible):
        use(model, admission)


def test_an_idle_model_makes_room_for_another(admission, leases, monkeypatch):
    monkeypatch.setattr(on_demand, "IDLE_SECONDS", 0.1)
    opens = [Opens(), Opens()]
    first, second = (model_of(one, admission, 70) for one in opens)
    relieving(admission, first, second)
    use(first, admission)
    use(second, admission)
    assert (opens[0].open, opens[1].open) == (0, 1)
    use(first, admission)
    assert (opens[0].open, opens[1].open) == (1, 0)
    assert held(leases) == ["model"]


def test_a_model_in_use_stays(admission, monkeypatch):
    monkeypatch.setattr(on_demand, "IDLE_SECONDS", 0.0)
    opens = Opens()
    model = model_of(opens, admission, 60)
    with computing(admission, COMPUTING) as work, model.using(work):
        assert not model.unload_unused()
        assert opens.open == 1
    assert model.unload_unused()
    assert opens.open == 0


class Batch(Somebody):
    priority = Priority.BATCH


def test_who_is_urgent_does_not_wait_for_a_model_in_the_class_of_who_came_first(admission, leases):
    """Batch work waits for the model's memory; somebody who wants the same model makes its request theirs."""
    model = model_of(Opens(), admission, 60)
    taken = admission.ask(Demand("other batch work", {RAM: 60}), Batch())
    used = []

    def run(asker):
        work = Work(admission, COMPUTING, asker)
        with work.going(), model.using(work):
            used.append(asker.priority)

    def waits(priority):
        until(lambda: [one.request.priority for one in leases.book(MACHINE).waiting] == [priority])

    threads = [threading.Thread(target=run, args=(asker,)) for asker in (Batch(), Somebody())]
    threads[0].start()
    waits(Priority.BATCH)
    threads[1].start()
    try:
        waits(Priority.INTERACTIVE)
        admission.look(taken)
        assert taken.yield_wanted
    finally:
        admission.give_back(taken)
        for thread in threads:
            thread.join(60)
    assert sorted(used) == [Priority.BATCH, Priority.INTERACTIVE]


def test_many_runs_that_need_two_models_on_a_tight_machine_never_wait_for_each_other(admission, leases, monkeypatch):
    """Each alone fits beside its work; both do not: whoever waits holds nothing that another one waits for."""
    monkeypatch.setattr(on_demand, "IDLE_SECONDS", 0.02)
    models = [model_of(Opens(), admission, 55) for n in range(2)]
    relieving(admission, *models)
    done = []

    def run(number):
        for turn in range(3):
            work = Work(admission, COMPUTING, Somebody())
            with work.going(), models[(number + turn) % 2].using(work):
                time.sleep(0.002)
            work.end()
        done.append(number)

    threads = [threading.Thread(target=run, args=(n,), daemon=True) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(100)
    assert sorted(done) == list(range(6))
    for model in models:
        model.close()
    assert held(leases) == []
