"""What may be granted follows from what was measured, and what is not known is never free."""

from __future__ import annotations

from dataclasses import replace

import pytest

from janus_lab.resources.attribution import Attributed
from janus_lab.resources.capacity import capacities, unknown
from janus_lab.settings import load_settings
from janus_lab.values.lease import CPU, RAM, Capacity, vram
from janus_lab.values.machine import Device, Sample

MB = 1_000_000
CARD = Device("0", "card", memory_total=24_000 * MB, memory_used=3_000 * MB)
SAMPLE = Sample("loom", 1.0, 7.5, 0.1, 32_000 * MB, 9_000 * MB, (CARD,))
OUTSIDE = {RAM: 9_000 * MB, vram("0"): 3_000 * MB}


@pytest.fixture
def settings(tmp_path):
    return lambda **values: load_settings(tmp_path, environment={}, **values)


def found(sample, settings, before=None, outside=OUTSIDE):
    return capacities(Attributed(sample, outside), settings, before or {})


def test_all_of_it_but_the_headroom_may_be_leased(settings):
    chosen = settings(ram_headroom_mb=1_000, vram_headroom_mb=500)
    assert found(SAMPLE, chosen) == {
        CPU: Capacity(7),
        RAM: Capacity(31_000 * MB, 9_000 * MB),
        vram("0"): Capacity(23_500 * MB, 3_000 * MB),
    }


def test_a_smaller_budget_shrinks_only_when_the_machine_is_that_full(settings):
    chosen = settings(ram_headroom_mb=1_000, lease_ram_mb=10_000, lease_cpu_slots=3)
    assert found(SAMPLE, chosen)[RAM] == Capacity(10_000 * MB, 0)
    full = found(SAMPLE, chosen, outside={RAM: 25_000 * MB})
    assert full[RAM] == Capacity(10_000 * MB, 4_000 * MB)
    assert full[CPU] == Capacity(3)


def test_what_failed_says_why(settings):
    failing = replace(SAMPLE, devices=(replace(CARD, failure="GPU is lost"),), failures={RAM: "no /proc"})
    told = found(failing, settings(), found(SAMPLE, settings()))
    assert told[RAM].failure == "no /proc"
    assert told[vram("0")].failure == "GPU is lost"
    assert told[vram("0")].budget > 0
    assert told[CPU].failure == ""


def test_an_accelerator_that_vanished_is_not_free(settings):
    before = found(SAMPLE, settings())
    gone = found(replace(SAMPLE, devices=()), settings(), before)
    assert gone[vram("0")].failure
    silent = replace(SAMPLE, devices=(), failures={"vram": "driver does not answer"})
    assert found(silent, settings(), gone)[vram("0")].failure == "driver does not answer"
    assert found(SAMPLE, settings(), gone) == before


def test_an_accelerator_that_was_divided_is_not_missed(settings):
    parts = (replace(CARD, id="0.0", memory_total=9_000 * MB), replace(CARD, id="0.1", memory_total=9_000 * MB))
    divided = found(replace(SAMPLE, devices=parts), settings(), found(SAMPLE, settings()))
    assert set(divided) == {CPU, RAM, vram("0.0"), vram("0.1")}
    assert set(found(SAMPLE, settings(), divided)) == {CPU, RAM, vram("0")}


def test_the_instances_of_an_accelerator_that_failed_as_a_whole_are_not_known(settings):
    parts = (replace(CARD, id="0.3", memory_total=9_000 * MB), replace(CARD, id="0.4", memory_total=9_000 * MB))
    before = found(replace(SAMPLE, devices=parts), settings())
    failed = found(replace(SAMPLE, devices=(replace(CARD, failure="GPU is lost"),)), settings(), before)
    assert all(failed[vram(name)].failure for name in ("0", "0.3", "0.4"))
    assert failed[vram("0.3")].budget == before[vram("0.3")].budget


def test_when_nothing_was_measured_nothing_is_known(settings):
    told = unknown(found(SAMPLE, settings()), "it hangs")
    assert {capacity.failure for capacity in told.values()} == {"it hangs"}
