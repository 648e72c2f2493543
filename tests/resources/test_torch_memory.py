from __future__ import annotations

import pytest

from janus_lab.resources.torch_memory import torch_places
from janus_lab.values.lease import RAM

GIB = 1 << 30


def test_the_accelerator_with_the_most_free_memory_comes_before_the_processors():
    first, second = torch_places(GIB, {RAM: 64 * GIB, "vram:0": 2 * GIB, "vram:1": 20 * GIB})
    assert first.device == "1"
    assert set(first.needed) == {RAM, "vram:1"}
    assert first.needed["vram:1"] > GIB
    assert second.device == ""
    assert set(second.needed) == {RAM}


@pytest.mark.parametrize(
    ("free", "accelerated"), [({RAM: GIB}, True), ({}, True), ({RAM: GIB, "vram:0": 80 * GIB}, False)]
)
def test_without_one_or_where_none_is_wanted_it_is_the_processors(free, accelerated):
    [place] = torch_places(GIB, free, accelerated=accelerated)
    assert place.device == ""
    assert place.needed[RAM] > 2 * GIB


def test_an_instance_of_a_divided_accelerator_is_named_as_it_is():
    assert torch_places(GIB, {"vram:0.3": GIB})[0].device == "0.3"
