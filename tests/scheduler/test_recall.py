from __future__ import annotations

import pytest

from janus_lab.scheduler.demand import Demand
from janus_lab.scheduler.recall import Recalled, recall
from janus_lab.scheduler.work import Somebody
from janus_lab.values.lease import RAM
from tests.admitting import MACHINE, admission_over, leases_over


@pytest.fixture
def leases(monkeypatch):
    # Holders hear soon that something is asked back, and yet a lease outlives a process that stands still for a while.
    monkeypatch.setattr("janus_lab.scheduler.heartbeat._BEATS", 200)
    return leases_over({RAM: 100})


def purposes(leases):
    return sorted(lease.request.purpose for lease in leases.book(MACHINE).leases)


def test_what_is_held_for_a_purpose_is_given_back_by_whoever_holds_it(leases):
    with admission_over(leases, ttl_seconds=30.0) as one, admission_over(leases, ttl_seconds=30.0) as other:
        held = []

        def hold(admission, purpose):
            index = len(held)
            lease = admission.ask(
                Demand(purpose, {RAM: 10}),
                Somebody(),
                lasting=True,
                asked_to_yield=lambda: admission.give_back(held[index]) if held[index].asked_back else None,
            )
            held.append(lease)

        hold(one, "model a")
        hold(other, "model a")
        hold(one, "model b")
        assert recall(leases, [MACHINE], "model a", seconds=60) == Recalled(2, 0)
        assert purposes(leases) == ["model b"]


def test_what_is_in_use_stays_and_is_counted(leases):
    with admission_over(leases, ttl_seconds=30.0) as admission:
        admission.ask(Demand("model a", {RAM: 10}), Somebody(), lasting=True)
        assert recall(leases, [MACHINE], "model a", seconds=0.5) == Recalled(1, 1)
    assert recall(leases, [MACHINE], "nothing", seconds=0.1) == Recalled(0, 0)
