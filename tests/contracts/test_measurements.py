"""What every memory of measurements does."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from janus_lab.adapters.models import memory
from janus_lab.adapters.relational.measurements import open_measurements
from janus_lab.values.model import Footprint, LoadPlan, Measurement, Origin

PLAN = LoadPlan(
    context_tokens=4096,
    cells=16384,
    sequences=8,
    batch_tokens=256,
    cache_type="q8_0",
    flash_attention=False,
    gpu_layers=12,
    devices=("vram:0", "vram:1"),
    tensor_split=(0.25, 0.75),
    note="fewer layers",
)
FOOTPRINT = Footprint({"ram": 10, "vram:0": 2**40}, {"ram": 0}, {"vram:0": 3}, Origin.MEASURED)
MEASURED = Measurement("a" * 64, "here", PLAN, FOOTPRINT, 100.5, 2.25, 120.5, 30.25)
ROWS = [
    ("sqlite", lambda request: open_measurements(f"sqlite:///{request.getfixturevalue('tmp_path')}/janus.db")),
    ("postgresql", lambda request: open_measurements(request.getfixturevalue("ready_postgresql_url"))),
    ("memory", lambda _request: memory.open_measurements()),
]


@pytest.fixture(params=[row[1] for row in ROWS], ids=[row[0] for row in ROWS])
def measurements(request):
    with request.param(request) as opened:
        yield opened


def test_what_was_measured_comes_back_bit_by_bit(measurements):
    assert measurements.recall("a" * 64, "here") == []
    measurements.remember(MEASURED)
    assert measurements.recall("a" * 64, "here") == [MEASURED]
    assert measurements.all("here") == [MEASURED]


def test_models_machines_and_plans_are_kept_apart_and_told_latest_first(measurements):
    other_plan = replace(MEASURED, plan=replace(PLAN, cells=2048), at=300.0)
    other_model = replace(MEASURED, content_hash="b" * 64, at=200.0)
    elsewhere = replace(MEASURED, machine="there", at=400.0)
    for measured in (MEASURED, other_plan, other_model, elsewhere):
        measurements.remember(measured)
    assert measurements.recall("a" * 64, "here") == [other_plan, MEASURED]
    assert measurements.all("here") == [other_plan, other_model, MEASURED]
    assert measurements.all("there") == [elsewhere]
    assert measurements.all("nowhere") == []


def test_the_latest_counts_with_every_load_and_the_speeds_that_were_measured(measurements):
    measurements.remember(MEASURED)
    smaller = replace(FOOTPRINT, weights={"ram": 9})
    measurements.remember(
        replace(MEASURED, footprint=smaller, at=200.0, load_seconds=0.0, prompt_speed=0.0, generation_speed=0.0)
    )
    assert measurements.recall("a" * 64, "here") == [replace(MEASURED, footprint=smaller, at=200.0, loads=2)]
    measurements.remember(replace(MEASURED, at=300.0, load_seconds=9.0, generation_speed=31.0, loads=0))
    assert measurements.recall("a" * 64, "here") == [
        replace(MEASURED, at=300.0, load_seconds=9.0, generation_speed=31.0, loads=2)
    ]


def test_a_note_makes_no_other_plan(measurements):
    measurements.remember(MEASURED)
    measurements.remember(replace(MEASURED, plan=replace(PLAN, note=""), at=200.0))
    assert [found.loads for found in measurements.recall("a" * 64, "here")] == [2]
    assert measurements.all("here")[0].plan.note == ""


def test_loads_at_the_same_time_are_all_counted(measurements):
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda n: measurements.remember(replace(MEASURED, at=float(n))), range(40)))
    assert [found.loads for found in measurements.recall("a" * 64, "here")] == [40]
