"""What loads showed is what is told the next time, and mends what is told of similar plans."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from model_shapes import shape

from janus_lab.adapters.models.memory import MemoryMeasurements
from janus_lab.errors import StoreUnreachable
from janus_lab.inference.remembering import Remembering, learned, seen, shown
from janus_lab.resources.model_memory import estimated
from janus_lab.resources.placement import DRIVER_BYTES, placements
from janus_lab.resources.wish import Room, Wish
from janus_lab.values.lease import RAM
from janus_lab.values.model import Footprint, LoadPlan, Measurement, Origin

MODEL = shape(2.0)
PLAN = LoadPlan(cells=8192)
GB = 1_000_000_000


def measured(plan, *, weights=1.0, cache=1.0, compute=1.0):
    """What a load showed, by how much it differed from what was told."""
    told = estimated(MODEL, plan)
    parts = zip((told.weights, told.cache, told.compute), (weights, cache, compute), strict=True)
    return Footprint(*({name: round(n * by) for name, n in part.items()} for part, by in parts), Origin.MEASURED)


@pytest.fixture
def remembering():
    return Remembering(MemoryMeasurements(), "here")


def test_before_the_first_load_the_shape_tells(remembering):
    assert remembering.estimate("hash")(MODEL, PLAN) == estimated(MODEL, PLAN)


def test_the_same_plan_takes_what_it_took_whatever_it_was_chosen_for(remembering):
    found = measured(PLAN, compute=1.4)
    remembering.remember("hash", replace(PLAN, note="as memory is short"), found, at=1.0)
    assert remembering.estimate("hash")(MODEL, PLAN) == found
    assert remembering.estimate("other")(MODEL, PLAN).origin is Origin.ESTIMATED


def test_a_load_that_can_not_be_kept_harms_nobody():
    class Away(MemoryMeasurements):
        def remember(self, measurement):
            raise StoreUnreachable("away", remedy="x")

    remembering = Remembering(Away(), "here")
    remembering.remember("hash", PLAN, measured(PLAN, compute=1.4), at=1.0)
    assert remembering.estimate("hash")(MODEL, PLAN) == estimated(MODEL, PLAN)


def test_of_the_same_plan_the_latest_load_counts(remembering):
    for at, by in ((1.0, 1.4), (2.0, 1.2)):
        remembering.remember("hash", PLAN, measured(PLAN, compute=by), at=at)
    assert remembering.estimate("hash")(MODEL, PLAN) == measured(PLAN, compute=1.2)


def test_another_plan_is_mended_by_the_one_nearest_to_it(remembering):
    far = replace(PLAN, cells=512, cache_type="q8_0")
    remembering.remember("hash", PLAN, measured(PLAN, compute=1.3, weights=1.05), at=1.0)
    remembering.remember("hash", far, measured(far, compute=0.8), at=2.0)
    near = replace(PLAN, cells=16_384)
    told = remembering.estimate("hash")(MODEL, near)
    assert told.origin is Origin.ESTIMATED
    assert told.compute[RAM] == pytest.approx(1.3 * estimated(MODEL, near).compute[RAM], rel=0.001)
    assert told.weights[RAM] == pytest.approx(1.05 * estimated(MODEL, near).weights[RAM], rel=0.001)
    assert told.cache == estimated(MODEL, near).cache


@pytest.mark.parametrize("by", [0.1, 5.0])
def test_what_can_only_be_another_thing_mends_nothing(remembering, by):
    remembering.remember("hash", PLAN, measured(PLAN, compute=by), at=1.0)
    near = replace(PLAN, batch_tokens=256)
    assert remembering.estimate("hash")(MODEL, near) == estimated(MODEL, near)


def test_what_is_remembered_decides_where_a_model_goes(remembering):
    room = Room({RAM: 12 * GB}, {RAM: 12 * GB})
    wish = Wish(8192, 8)
    first = placements(MODEL, wish, room, remembering.estimate("hash"))[0]
    assert first.plan.note == ""
    remembering.remember("hash", first.plan, measured(first.plan, weights=2.0), at=1.0)
    again = placements(MODEL, wish, room, remembering.estimate("hash"))[0]
    assert "windows at once" in again.plan.note


def test_what_an_accelerator_gave_beyond_llama_cpps_figures_counts_as_buffers():
    taken = Footprint({"vram:0": 3 * GB}, {"vram:0": GB}, {RAM: 5}, Origin.MEASURED)
    assert seen(taken, {"vram:0": 4 * GB + DRIVER_BYTES + 7, RAM: 9 * GB}).compute == {RAM: 5, "vram:0": 7}
    assert seen(taken, {"vram:0": 4 * GB}) == taken


@given(
    st.integers(1, 64),
    st.integers(1, 16),
    st.sampled_from(["f16", "q8_0"]),
    st.lists(st.tuples(st.integers(1, 64), st.floats(0.6, 1.8)), max_size=4),
)
def test_a_correction_is_never_outside_of_what_was_seen(windows, sequences, kind, known):
    remembering = Remembering(MemoryMeasurements(), "here")
    for at, (other, by) in enumerate(known):
        plan = LoadPlan(cells=512 * other)
        remembering.remember("hash", plan, measured(plan, compute=by), at=float(at))
    plan = LoadPlan(cells=512 * windows, sequences=sequences, cache_type=kind)
    told = learned(MODEL, plan, remembering.measurements.recall("hash", "here")).compute[RAM]
    least, most = min([1.0, *(by for _, by in known)]), max([1.0, *(by for _, by in known)])
    assert least * 0.999 <= told / estimated(MODEL, plan).compute[RAM] <= most * 1.001


def test_what_is_told_is_of_the_plan_at_hand_and_speeds_may_be_anothers():
    wide, narrow = replace(PLAN, cells=16384), replace(PLAN, note="half the window")
    timed = Measurement("h", "here", wide, measured(wide), 2.0, prompt_speed=300.0, generation_speed=40.0)
    plain = Measurement("h", "here", PLAN, measured(PLAN), 1.0)
    told = shown([timed, plain], narrow)
    assert (told.plan, told.generation_speed) == (PLAN, 40.0)
    assert shown([timed, plain], replace(PLAN, cells=6000)).plan == PLAN
    assert shown([timed, plain], None) == timed
    assert shown([], PLAN) is None
