"""What a fit says is what a load does, at that moment: the same way, the same models unloaded for it."""

from __future__ import annotations

from itertools import product

import pytest

from janus_lab.adapters.models.memory import open_model_registry
from janus_lab.errors import CapacityError
from janus_lab.inference.eviction import Idle
from janus_lab.inference.foresight import Staying, foreseen
from janus_lab.resources.placement import Placed
from janus_lab.resources.wish import Room
from janus_lab.scheduler import admission
from janus_lab.scheduler.demand import Demand
from janus_lab.scheduler.work import Somebody, Work
from janus_lab.values.lease import RAM, vram
from janus_lab.values.model import Footprint, LoadPlan
from janus_lab.values.run import Priority
from tests.inference.fleet import MODELS, PINNED, Asking, Fleet

GPU = vram("0")
SECONDS_APART = 4.0


@pytest.fixture(autouse=True)
def _imagined_time(monkeypatch):
    monkeypatch.setattr(admission, "LOOK_SECONDS", 0.0)


def way(amounts, note=""):
    return Placed(LoadPlan(note=note), Footprint(amounts, {}, {}), amounts, (note,) if note else ())


def load(process, name, patience=5.0):
    """Load a model soon or not at all; its way, None where there is no memory."""
    work = Work(process.admission, Demand("load", {RAM: 0}), Asking(process.fleet, Priority.INTERACTIVE, patience))
    model = process.models.on_demand(process.models.roster.find(name))
    try:
        with work.going(), model.using(work, patience=patience):
            pass
    except CapacityError:
        return None
    return model.state().placed


RESIDENTS = [
    (),
    ("small",),
    ("middle", "card"),
    ("tiny", "middle", "small"),
    ("card", "large"),
    ("cards", "small", "tiny"),
]


@pytest.mark.parametrize(
    ("residents", "used"), list(product(RESIDENTS, [(), ("small",), ("card",), ("middle", "tiny")]))
)
def test_a_load_does_what_its_fit_says(residents, used, cache):
    for name in MODELS:
        with open_model_registry() as registry:
            fleet = Fleet(cache, registry, processes=1)
            (process,) = fleet.processes
            for resident in residents:
                load(process, resident)
                fleet.pass_by(SECONDS_APART)
            for one in set(used) & set(process.models.loaded()):
                work = Work(process.admission, Demand("ask", {RAM: 0}), Somebody())
                using = process.models.on_demand(process.models.roster.find(one)).using(work)
                using.__enter__()
                process.speaking.append(_Using(using, work))
            before = set(process.models.loaded())
            fit = process.models.foreseen(process.models.roster.find(name))
            assert set(process.models.loaded()) == before
            taken = load(process, name)
            gone = before - set(process.models.loaded())
            assert (taken is not None) == fit.now, (name, fit)
            if taken is not None:
                assert (taken.plan, taken.footprint, gone) == (fit.plan, fit.footprint, set(fit.evicts)), name
            assert not {PINNED, *used} & set(fit.evicts)
            fleet.end()


class _Using:
    def __init__(self, using, work):
        self.using, self.work = using, work

    def close(self):
        self.using.__exit__(None, None, None)
        self.work.end()


def test_no_more_is_unloaded_than_is_needed_and_those_first_that_are_missed_least():
    idle = [Idle("fresh", {RAM: 30}, 5.0, 9.0), Idle("old", {RAM: 30}, 900.0, 9.0), Idle("card", {GPU: 30}, 999.0, 1.0)]
    here = Room({RAM: 10, GPU: 0}, {RAM: 100, GPU: 40})
    assert foreseen([way({RAM: 10})], here, idle).evicts == ()
    assert foreseen([way({RAM: 40})], here, idle).evicts == ("old",)
    assert foreseen([way({RAM: 60})], here, idle).evicts == ("old", "fresh")
    assert foreseen([way({RAM: 10, GPU: 20})], here, idle).evicts == ("card",)


def test_the_first_way_is_taken_that_there_is_memory_for():
    here, ways = Room({RAM: 50}, {RAM: 100}), [way({RAM: 120}), way({RAM: 80}, "half"), way({RAM: 40}, "less")]
    told = foreseen(ways, here)
    assert (told.now, told.ever, told.steps, told.plan.note) == (True, True, ("less",), "less")
    assert (told.free, told.budgets) == ({RAM: 50}, {RAM: 100})
    assert foreseen(ways, here, [Idle("a", {RAM: 30}, 9.0, 1.0)]).steps == ("half",)


def test_where_nothing_fits_now_who_stays_is_told_with_the_reason():
    here = Room({RAM: 10, GPU: 5}, {RAM: 100, GPU: 40})
    staying = [
        Staying("a", {RAM: 60}, pinned=True),
        Staying("b", {RAM: 30}, pinned=False),
        Staying("c", {GPU: 9}, pinned=True),
    ]
    told = foreseen([way({RAM: 120}), way({RAM: 80}, "half")], here, (), staying)
    assert (told.now, told.ever, told.steps, told.evicts) == (False, True, ("half",), ())
    assert told.kept == ("a, which is pinned", "b, which is in use, or was a moment ago")
    never = foreseen([way({RAM: 120})], here, (), staying)
    assert (never.now, never.ever) == (False, False)
