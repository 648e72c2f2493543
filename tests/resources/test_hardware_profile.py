"""What machines can do: proposals that stay within what there is, models where they fit."""

from __future__ import annotations

from dataclasses import fields, replace

import inventories
import pytest

from janus_lab.resources.budgets import MB, budgets
from janus_lab.resources.hardware_profile import hardware_profile
from janus_lab.resources.model_memory import estimated
from janus_lab.resources.model_sets import EMBEDDING_BYTES, MODEL_SETS, STARTER
from janus_lab.resources.server_advice import DEFAULTS
from janus_lab.settings import Settings, load_settings
from janus_lab.values.hardware import HardwareProfile
from janus_lab.values.lease import RAM

SERVERS = {"vectors_url": "qdrant://localhost", "redis_url": "redis://localhost/0"}


def profile_of(name: str, **settings) -> HardwareProfile:
    return hardware_profile(inventories.inventory(name), load_settings("/nowhere", environment={}, **settings))


def proposed(profile: HardwareProfile, table: str = "") -> dict[str, int]:
    return {one.name: int(one.value) for one in profile.settings if one.table == table}


def places(name: str) -> dict[str, str]:
    return {fit.name: fit.place for fit in profile_of(name).models}


@pytest.mark.parametrize("name", inventories.NAMES)
@pytest.mark.parametrize("servers", [{}, SERVERS], ids=["embedded", "servers"])
def test_what_is_proposed_can_be_set_and_stays_within_the_machine(name, servers):
    profile, sample = profile_of(name, **servers), inventories.inventory(name).sample
    values = proposed(profile)
    chosen = load_settings("/nowhere", environment={}, **values)
    assert values.keys() <= {field.name for field in fields(Settings)}
    assert all(one.reason for one in profile.settings)
    assert budgets(sample, chosen)["ram"] == values["lease_ram_mb"] * MB
    assert (values["lease_ram_mb"] + values["ram_headroom_mb"]) * MB <= sample.ram_total
    assert 1 <= values["model_threads"] <= max(1, sample.cpu_count)
    assert values["lease_cpu_slots"] <= max(1, sample.cpu_count)
    assert 20 * values["sqlite_cache_mb"] * MB <= 0.05 * sample.ram_total
    assert values["redis_memory_mb"] * MB <= 0.07 * sample.ram_total
    for device in sample.devices:
        if not device.failure:
            assert (values.get("lease_vram_mb", 0) + values["vram_headroom_mb"]) * MB <= device.memory_total


@pytest.mark.parametrize("name", inventories.NAMES)
def test_workers_of_servers_share_processors_and_memory(name):
    profile, sample = profile_of(name, **SERVERS), inventories.inventory(name).sample
    values = proposed(profile, "profiles.embedded")
    assert values.keys() == {"worker_processes", "model_threads"}
    assert values["worker_processes"] * values["model_threads"] <= max(1, sample.cpu_count)
    assert values["worker_processes"] == 1 or values["worker_processes"] * 1_500 * MB <= sample.ram_total
    assert proposed(profile)["worker_processes"] == 1
    assert proposed(profile_of(name), "profiles.embedded") == {}


@pytest.mark.parametrize("name", inventories.NAMES)
def test_what_takes_less_fits_wherever_more_does(name):
    fits = profile_of(name).models
    assert [fit.needed_bytes for fit in fits] == sorted(fit.needed_bytes for fit in fits)
    assert [bool(fit.place) for fit in fits] == sorted((bool(fit.place) for fit in fits), reverse=True)
    assert all((fit.lacking_bytes > 0) == (not fit.place) for fit in fits)


def test_the_starter_set_is_counted_as_it_is_loaded():
    # 30 layers with 3 heads of 64 numbers, keys and values, two bytes each.
    assert STARTER.weights_bytes == 145_000_000
    cache = estimated(STARTER.shape, STARTER.wish().plan()).cache[RAM]
    assert cache == 2048 * 30 * 2 * 3 * 64 * 2
    assert 145_000_000 + cache < STARTER.needed() < 145_000_000 + cache + 100_000_000
    assert next(fit for fit in profile_of("laptop").models if fit.name == "starter").needed_bytes == (
        STARTER.needed() + EMBEDDING_BYTES
    )


@pytest.mark.parametrize(
    ("name", "set_name", "place"),
    [
        ("smallest", "quotes", "cpu"),
        ("smallest", "starter", ""),
        ("container", "small", "cpu"),
        ("container", "medium", ""),
        ("laptop", "medium", "cpu"),
        ("laptop", "larger", ""),
        ("workstation-24gb", "large", "vram:0"),
        ("workstation-24gb", "largest", "cpu"),
        ("two-cards", "small", "vram:1"),
        ("two-cards", "larger", "vram:0"),
        ("server-4x80gb", "largest", "vram:0"),
        ("mig", "medium", "vram:0.5"),
        ("mig", "large", "vram:0.1"),
        ("mig", "largest", "cpu"),
        ("apple", "large", "vram:0"),
        ("apple", "larger", "vram:0"),
        ("apple", "largest", ""),
        ("failing-card", "starter", "cpu"),
    ],
)
def test_models_fit_where_there_is_room(name, set_name, place):
    assert places(name)[set_name] == place


def test_accelerators_of_a_kind_take_a_model_together_and_instances_of_one_do_not():
    four = inventories.inventory("server-4x80gb")
    half = tuple(replace(device, memory_total=device.memory_total // 2) for device in four.sample.devices)
    settings = load_settings("/nowhere", environment={})
    together = hardware_profile(replace(four, sample=replace(four.sample, devices=half)), settings)
    assert {fit.name: fit.place for fit in together.models}["largest"] == "vram:0+vram:1"
    instances = tuple(replace(device, id=f"0.{device.id}") for device in half)
    apart = hardware_profile(replace(four, sample=replace(four.sample, devices=instances)), settings)
    assert {fit.name: fit.place for fit in apart.models}["largest"] == "cpu"


def test_a_container_counts_its_own_processors_not_the_machines():
    values = proposed(profile_of("container"))
    assert (values["model_threads"], values["lease_cpu_slots"]) == (1, 1)
    assert any("container" in note for note in profile_of("container").notes)


def test_what_can_not_be_measured_is_told_and_not_leased():
    profile = profile_of("failing-card")
    assert "lease_vram_mb" not in proposed(profile)
    assert any("GPU is lost" in note for note in profile.notes)
    sample = inventories.inventory("laptop").sample
    blind = replace(inventories.inventory("laptop"), sample=replace(sample, failures={"vram": "no driver"}))
    assert any("no driver" in note for note in hardware_profile(blind, load_settings("/nowhere", environment={})).notes)


def test_accelerators_of_several_sizes_have_no_common_budget():
    values = proposed(profile_of("two-cards"))
    assert "lease_vram_mb" not in values
    assert values["vram_headroom_mb"] == 515


def test_servers_get_memory_only_where_they_run_here():
    settings = load_settings("/nowhere", environment={})
    laptop = inventories.inventory("laptop")
    assert hardware_profile(laptop, settings).servers == ()
    servers = hardware_profile(laptop, settings, {"JANUS_QDRANT_LIMIT_MB": "700"}).servers
    assert {one.name for one in servers} == set(DEFAULTS)
    assert next(one.current for one in servers if one.name == "JANUS_QDRANT_LIMIT_MB") == 700
    crowded = hardware_profile(inventories.inventory("container"), settings, {})
    assert any("add up" in note for note in crowded.notes)


def test_sets_go_from_the_least_to_the_most():
    assert [one.needed() for one in MODEL_SETS] == sorted(one.needed() for one in MODEL_SETS)
    assert [one.name for one in MODEL_SETS if one.packaged] == ["quotes", "starter"]
