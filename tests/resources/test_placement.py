"""Where models go, on machines as they were found."""

from __future__ import annotations

from dataclasses import replace
from itertools import accumulate, pairwise

import inventories
import pytest
from hypothesis import given
from hypothesis import strategies as st
from model_shapes import shape

from janus_lab.resources.budgets import budgets
from janus_lab.resources.model_memory import estimated, layer_bytes
from janus_lab.resources.placement import needed, placements, split
from janus_lab.resources.wish import Room, Wish
from janus_lab.settings import load_settings
from janus_lab.values.lease import RAM, vram
from janus_lab.values.machine import Device
from janus_lab.values.model import LoadPlan

SETTINGS = load_settings("/nowhere")
SMALL, MIDDLE, LARGE, HUGE = shape(1.0), shape(8.0), shape(20.0), shape(40.0)
WIDE = shape(26.0)
"""Models by gigabytes of their weights; each would have 4.3 GB of cache."""
WISH = Wish(8192, 4)
GB = 1_000_000_000


def room(name):
    """A recorded machine, with what it used."""
    sample = inventories.inventory(name).sample
    allowed = budgets(sample, SETTINGS)
    free = dict(allowed) | {RAM: min(allowed[RAM], sample.ram_total - sample.ram_used)}
    for device in sample.devices:
        if vram(device.id) in allowed:
            free[vram(device.id)] = max(0, allowed[vram(device.id)] - device.memory_used)
    return Room(free, allowed, sample.devices)


def cards(*gigabytes, kind="nvidia", ram=16):
    devices = [Device(str(n), "card", kind, memory_total=int(size * GB)) for n, size in enumerate(gigabytes)]
    amounts = {RAM: int(ram * GB)} | {vram(one.id): one.memory_total for one in devices}
    return Room(amounts, amounts, devices)


def best(model, machine, wish=WISH):
    return placements(model, wish, machine)[0]


def test_all_that_fits_one_accelerator_goes_there_and_nothing_is_conceded():
    placed = best(MIDDLE, room("workstation-24gb"))
    assert (placed.plan.devices, placed.plan.gpu_layers, placed.steps, placed.plan.note) == (("0",), 33, (), "")
    assert placed.plan.cells == 4 * 8192
    assert placed.plan.sequences > 4


def test_of_several_accelerators_the_smallest_that_suffices_leaves_the_others_for_larger_models():
    assert best(SMALL, room("two-cards")).plan.devices == ("1",)
    assert best(SMALL, room("mig")).plan.devices in (("0.5",), ("0.6",))
    # Another program fills card 1 to three quarters, which is where it fits most closely.
    assert best(MIDDLE, room("server-4x80gb")).plan.devices == ("1",)


def test_what_no_single_one_holds_is_split_by_free_memory():
    placed = best(WIDE, room("two-cards"))
    assert placed.plan.devices == ("0", "1")
    assert placed.plan.gpu_layers == 33
    assert placed.footprint.total()["vram:0"] / placed.footprint.total()["vram:1"] == pytest.approx(24 / 12, rel=0.2)


def test_instances_of_a_divided_accelerator_are_not_joined():
    assert all(len(one.plan.devices) <= 1 for one in placements(HUGE, WISH, room("mig")))


def test_memory_for_fewer_requests_comes_before_a_coarser_cache_and_both_before_leaving_the_accelerator():
    steps = [best(LARGE, cards(size, ram=64)).steps for size in (28.0, 24.0, 22.5, 21.5, 21.0)]
    assert steps == [
        (),
        ("memory for 2 of 4 windows at once",),
        ("memory for 1 of 4 windows at once",),
        ("memory for 1 of 4 windows at once", "the cache in q8_0"),
        ("memory for 1 of 4 windows at once", "the cache in q8_0", "32 of 33 layers on accelerators"),
    ]


def test_a_model_too_large_for_accelerators_has_as_many_layers_there_as_fit():
    machine = room("two-cards")
    placed = best(HUGE, machine)
    assert placed.plan.devices == ("0", "1")
    assert 20 < placed.plan.gpu_layers < 33
    assert placed.within(machine.free)
    one_more = replace(placed.plan, gpu_layers=placed.plan.gpu_layers + 1)
    more = needed(HUGE, estimated(HUGE, one_more), machine.devices)
    assert any(amount > machine.free[name] for name, amount in more.items())


def test_without_accelerators_it_is_the_processors_and_that_is_no_concession():
    placed = best(SMALL, room("laptop"))
    assert (placed.plan.devices, placed.plan.gpu_layers, placed.steps) == ((), 0, ())
    assert set(placed.needed) == {RAM}


def test_an_accelerator_that_could_not_be_measured_is_left_alone():
    assert not any(one.plan.devices for one in placements(MIDDLE, WISH, room("failing-card")))


def test_memory_that_an_accelerator_shares_with_the_processors_counts_for_both():
    placed = best(MIDDLE, room("apple"))
    assert placed.plan.devices == ("0",)
    assert placed.needed[RAM] > placed.needed["vram:0"] > 8 * GB


def test_layers_are_kept_from_accelerators_where_that_is_wished():
    assert best(MIDDLE, room("two-cards"), replace(WISH, gpu_layers=0)).plan.devices == ()
    assert best(MIDDLE, room("two-cards"), replace(WISH, gpu_layers=7)).plan.gpu_layers == 7
    assert best(MIDDLE, room("two-cards"), replace(WISH, gpu_layers=-1)).plan.gpu_layers == 33


def test_an_estimate_refuses_nothing_the_least_is_there_to_be_tried():
    (only,) = placements(HUGE, WISH, room("smallest"))
    assert only.plan.context_tokens < WISH.context_tokens
    assert "window of" in only.plan.note
    assert not only.within(room("smallest").budgets)


def test_a_window_is_no_longer_than_the_model_was_trained_for():
    short = replace(SMALL, trained_context=2048)
    placed = best(short, room("workstation-24gb"))
    assert (placed.plan.context_tokens, placed.plan.cells) == (2048, 4 * 2048)
    assert placed.plan.note == "a window of 2048 tokens, the model's own"
    tight = best(short, cards(ram=1.8), WISH)
    assert tight.steps[:2] == ("a window of 2048 tokens, the model's own", "memory for 2 of 4 windows at once")


def test_what_fits_now_comes_before_what_fits_when_others_are_gone():
    machine = cards(24, ram=64)
    busy = replace(machine, free=dict(machine.free) | {"vram:0": 6 * GB})
    found = placements(MIDDLE, WISH, busy)
    assert found[0].within(busy.free)
    assert any(one.plan.gpu_layers == 33 and not one.within(busy.free) for one in found)
    now = [one.within(busy.free) for one in found]
    assert now == sorted(now, reverse=True)


@given(
    st.lists(st.integers(1, 10**9), min_size=3, max_size=90), st.lists(st.integers(1, 10**11), min_size=2, max_size=8)
)
def test_shares_are_whole_layers_as_llama_cpp_counts_them(layers, free):
    plan = LoadPlan(gpu_layers=len(layers), devices=tuple(map(str, range(len(free)))), tensor_split=split(layers, free))
    narrow = (1,) * len(layers[:-1])
    model = replace(
        SMALL, layer_bytes=tuple(layers[:-1]), output_bytes=layers[-1], key_widths=narrow, value_widths=narrow
    )
    weights = estimated(model, plan).weights
    bounds = [0, *(round(bound + 0.5) for bound in accumulate(plan.tensor_split[:-1])), len(layers)]
    held = [sum(layers[start:end]) for start, end in pairwise(bounds)]
    assert [weights.get(vram(str(n)), 0) for n in range(len(free))] == held
    # No accelerator has more than its part of the bytes, but for a layer that can't be cut.
    assert all(
        amount <= sum(layers) * room / sum(free) + 2 * max(layers) for amount, room in zip(held, free, strict=True)
    )


@given(st.floats(0.5, 60), st.lists(st.integers(2, 80), max_size=4), st.integers(1, 128), st.integers(1, 8))
def test_what_is_said_to_fit_fits(gigabytes, sizes, ram, parallel):
    machine = cards(*sizes, ram=ram)
    model = shape(gigabytes)
    found = placements(model, Wish(4096, parallel), machine)
    assert found
    for placed in found:
        assert placed.needed == needed(model, estimated(model, placed.plan), machine.devices)
        whole = sum(placed.footprint.weights.values())
        assert whole >= sum(layer_bytes(model, replace(placed.plan, cells=1))[:-1]) * 0.9
        if len(found) > 1:
            assert placed.within(machine.budgets)
