"""Nothing is counted twice, and nothing is forgotten: what is outside of leases, from what is measured and what is held."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from janus_lab.resources.attribution import Attribution
from janus_lab.values.lease import CPU, RAM, vram
from janus_lab.values.machine import Device, ProcessUse, Sample

GB = 1 << 30
GPU = vram("0")


def sample(ram=0, *, processes=(), card=None, attributed=True, failures=None, failure=""):
    devices = (
        (Device("0", "card", memory_total=80 * GB, memory_used=card, attributed=attributed, failure=failure),)
        if card is not None
        else ()
    )
    return Sample("loom", 1.0, 4, 0.0, 64 * GB, ram, devices, tuple(processes), failures or {})


def use(pid, ram=0, card=None):
    return ProcessUse(pid, "worker", ram=ram, vram={} if card is None else {"0": card})


def test_what_nobody_leased_is_outside():
    done = Attribution().attribute(sample(5 * GB, processes=[use(7, GB)], card=2 * GB), {})
    assert done.outside == {RAM: 5 * GB, GPU: 2 * GB}


def test_a_lease_that_is_not_used_yet_covers_nothing_of_what_is_used():
    following = Attribution()
    following.attribute(sample(5 * GB, processes=[use(7, GB)]), {})
    done = following.attribute(sample(5 * GB, processes=[use(7, GB)]), {7: {RAM: 4 * GB}})
    assert done.outside[RAM] == 5 * GB


def test_a_lease_that_is_used_is_not_counted_a_second_time():
    following = Attribution()
    following.attribute(sample(5 * GB, processes=[use(7, GB)], card=GB), {})
    held = {7: {RAM: 4 * GB, GPU: 10 * GB, CPU: 2}}
    done = following.attribute(sample(8 * GB, processes=[use(7, 4 * GB, 6 * GB)], card=7 * GB), held)
    assert done.outside == {RAM: 5 * GB, GPU: GB}


def test_what_is_used_beyond_a_lease_is_outside():
    following = Attribution()
    following.attribute(sample(5 * GB, processes=[use(7, GB)]), {})
    done = following.attribute(sample(11 * GB, processes=[use(7, 7 * GB)]), {7: {RAM: 4 * GB}})
    assert done.outside[RAM] == 7 * GB


def test_what_a_process_keeps_after_its_lease_is_outside_and_its_next_lease_does_not_cover_it():
    following = Attribution()
    following.attribute(sample(5 * GB, processes=[use(7, GB)]), {})
    following.attribute(sample(9 * GB, processes=[use(7, 5 * GB)]), {7: {RAM: 4 * GB}})
    for _ in range(2):
        done = following.attribute(sample(8 * GB, processes=[use(7, 4 * GB)]), {})
    assert done.outside[RAM] == 8 * GB
    done = following.attribute(sample(9 * GB, processes=[use(7, 5 * GB)]), {7: {RAM: 4 * GB}})
    assert done.outside[RAM] == 8 * GB


def test_a_lease_granted_between_the_look_and_the_measurement_does_not_become_what_a_process_always_used():
    following = Attribution()
    following.attribute(sample(5 * GB, processes=[use(7, GB)]), {})
    # It is not among what was held, though it is among what was measured.
    following.attribute(sample(7 * GB, processes=[use(7, 3 * GB)]), {})
    done = following.attribute(sample(9 * GB, processes=[use(7, 5 * GB)]), {7: {RAM: 4 * GB}})
    assert done.outside[RAM] == 5 * GB


def test_another_sampler_goes_on_from_the_last_sample():
    first = Attribution()
    first.attribute(sample(5 * GB, processes=[use(7, GB)], card=0, attributed=False), {})
    held = {7: {RAM: 4 * GB, GPU: 4 * GB}}
    now = sample(9 * GB, processes=[use(7, 5 * GB)], card=3 * GB, attributed=False)
    before = first.attribute(now, held)
    after = Attribution.following(before.sample).attribute(now, held)
    assert after == before
    assert after.outside == {RAM: 5 * GB, GPU: 0}


def test_where_nobody_is_told_who_uses_an_accelerator_its_growth_under_leases_is_theirs():
    following = Attribution()
    following.attribute(sample(card=2 * GB, attributed=False), {})
    held = {7: {GPU: 4 * GB}, 8: {GPU: 2 * GB}}
    done = following.attribute(sample(card=7 * GB, attributed=False), held)
    assert done.outside[GPU] == 2 * GB
    done = following.attribute(sample(card=12 * GB, attributed=False), held)
    assert done.outside[GPU] == 6 * GB


def test_a_holder_that_can_not_be_seen_covers_nothing():
    done = Attribution().attribute(sample(9 * GB), {7: {RAM: 4 * GB}})
    assert done.outside[RAM] == 9 * GB


def test_a_card_that_could_not_be_measured_teaches_nothing():
    following = Attribution()
    following.attribute(sample(card=2 * GB, attributed=False), {})
    following.attribute(sample(card=0, attributed=False, failure="lost"), {})
    following.attribute(sample(card=0, attributed=False, failure="lost"), {})
    done = following.attribute(sample(card=5 * GB, attributed=False), {7: {GPU: 3 * GB}})
    assert done.outside[GPU] == 2 * GB


def test_what_is_remembered_of_processes_that_ended_goes():
    following = Attribution()
    for pid in range(1000):
        following.attribute(sample(processes=[use(pid, GB, GB)], card=GB), {})
    assert len(following._processes) == 2


amounts = st.integers(0, 20)


@given(
    others=amounts,
    workers=st.lists(st.tuples(amounts, amounts, amounts), max_size=5),
)
def test_leases_and_what_is_outside_make_what_is_or_may_be_used(others, workers):
    """Each worker: what it used before, what it leased, what it uses on top of before."""
    following = Attribution()
    idle = [use(pid, base) for pid, (base, _, _) in enumerate(workers, 1)]
    following.attribute(sample(others + sum(base for base, _, _ in workers), processes=idle), {})
    busy = [use(pid, base + more) for pid, (base, _, more) in enumerate(workers, 1)]
    used = others + sum(base + more for base, _, more in workers)
    held = {pid: {RAM: leased} for pid, (_, leased, _) in enumerate(workers, 1)}
    outside = following.attribute(sample(used, processes=busy), held).outside[RAM]
    leased = sum(leased for _, leased, _ in workers)
    assert leased + outside == others + sum(base + max(leased, more) for base, leased, more in workers)


@given(
    st.lists(
        st.tuples(st.integers(0, 30), st.lists(st.tuples(st.integers(1, 4), amounts, amounts), max_size=4)), max_size=12
    )
)
def test_nothing_that_is_used_is_ever_left_out(looks):
    """Whatever is held and measured: leases and what is outside are together at least what is used."""
    following = Attribution()
    for others, workers in looks:
        processes = {pid: use(pid, ram) for pid, ram, _ in workers}
        held = {pid: {RAM: leased} for pid, _, leased in workers}
        used = others + sum(process.ram for process in processes.values())
        outside = following.attribute(sample(used, processes=processes.values()), held).outside[RAM]
        assert 0 <= outside <= used
        assert outside + sum(of_process[RAM] for of_process in held.values()) >= used


@pytest.mark.parametrize("name", [CPU, "slot:model"])
def test_what_can_not_be_measured_has_no_outside(name):
    done = Attribution().attribute(sample(GB, processes=[use(7, GB)]), {7: {name: 3}})
    assert name not in done.outside
    assert name not in done.sample.processes[0].base
