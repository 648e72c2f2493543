"""Random sequences of loading, asking, unloading, stalling and being killed: no overcommitted memory, no lease left behind."""

from __future__ import annotations

from collections import Counter
from random import Random

import pytest

from janus_lab.adapters.models.memory import open_model_registry
from janus_lab.scheduler import admission
from tests.inference.fleet import Fleet, act

TOLD = Counter()


@pytest.fixture(autouse=True)
def _imagined_time(monkeypatch):
    monkeypatch.setattr(admission, "LOOK_SECONDS", 0.0)


def live(seed, cache, acts=12):
    random = Random(seed)
    with open_model_registry() as registry:
        fleet = Fleet(cache, registry)
        for _ in range(acts):
            act(fleet, random)
            fleet.check()
        fleet.end()
    TOLD.update(fleet.told)


@pytest.mark.parametrize("seed", range(40))
def test_no_life_overcommits_or_leaks(seed, cache):
    live(seed, cache)


@pytest.mark.slow
def test_nor_do_a_thousand_and_everything_happens_in_them(cache):
    TOLD.clear()
    for seed in range(1000):
        live(seed, cache, acts=14)
    assert (
        min(TOLD[what] for what in ("LeaseTimeout", "smaller-plan", "model-evicted", "ModelFailed", "model-fallback"))
        > 100
    )
