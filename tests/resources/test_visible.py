"""Which accelerators a process sees, over recorded machines: its environment hides some and counts the others anew."""

from __future__ import annotations

from dataclasses import replace

import inventories
import pytest

from janus_lab.resources.visible import numbered, visible


def machine(name):
    """The accelerators of a recorded machine, each with a UUID of its own."""
    devices = inventories.inventory(name).sample.devices
    return [
        replace(one, uuid=f"{'MIG' if '.' in one.id else 'GPU'}-{n}f6c9a-{one.id}") for n, one in enumerate(devices)
    ]


def ids(name, listed=None):
    environment = {} if listed is None else {"CUDA_VISIBLE_DEVICES": listed}
    return [one.id for one in visible(machine(name), "nvidia", environment)]


@pytest.mark.parametrize("name", inventories.NAMES)
def test_an_environment_that_says_nothing_hides_nothing(name):
    whole = [one.id for one in machine(name) if one.kind == "nvidia" and "." not in one.id]
    assert [one for one in ids(name) if "." not in one] == whole
    assert ids(name, "") == ids(name, "-1") == []


@pytest.mark.parametrize(
    ("listed", "seen"),
    [
        ("2,3", ["2", "3"]),
        ("3, 1", ["3", "1"]),
        ("1,7,2", ["1"]),
        ("2,-1,0", ["2"]),
        ("1,1", []),
        ("GPU-3f6c9a,GPU-0f6c", ["3", "0"]),
        ("GPU-2f6c9a-2", ["2"]),
        ("GPU-", []),
        ("GPU-0,none,GPU-1", ["0"]),
    ],
)
def test_a_list_is_read_as_cuda_reads_it(listed, seen):
    assert ids("server-4x80gb", listed) == seen


@pytest.mark.parametrize(
    ("listed", "seen"), [(None, "0.1"), ("0", "0.1"), ("MIG-2f6c9a", "0.6"), ("MIG-1f,MIG-2f", "0.5")]
)
def test_of_a_divided_one_a_single_instance_is_seen(listed, seen):
    assert ids("mig", listed) == [seen]


def test_a_library_counts_what_is_seen():
    four = machine("server-4x80gb")
    assert numbered(["CUDA0", "CUDA1", "CUDA2", "CUDA3"], four, {}) == {"0": 0, "1": 1, "2": 2, "3": 3}
    assert numbered(["CUDA0", "CUDA1"], four, {"CUDA_VISIBLE_DEVICES": "3,1"}) == {"3": 0, "1": 1}
    assert numbered([], four, {}) == {}
    assert numbered(["MTL0"], machine("apple"), {}) == {machine("apple")[0].id: 0}
    assert numbered(["MTL0"], four, {}) == {}
    assert numbered(["CUDA0"], machine("mig"), {"CUDA_VISIBLE_DEVICES": "MIG-2f6c9a"}) == {"0.6": 0}
    cards = [*machine("two-cards"), *(replace(one, id=f"amd{one.id}", kind="amd") for one in machine("two-cards"))]
    assert numbered(["ROCm0", "CUDA0"], cards, {"HIP_VISIBLE_DEVICES": "1"}) == {"amd1": 0, "0": 1}
