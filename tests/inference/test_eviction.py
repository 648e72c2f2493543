from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from janus_lab.inference.eviction import Idle, to_unload
from janus_lab.values.lease import RAM, vram

GPU = vram("0")


def idle(name, ram=0, gpu=0, rested=10.0, load=1.0):
    weights = {resource: amount for resource, amount in ((RAM, ram), (GPU, gpu)) if amount}
    return Idle(name, weights, rested, load)


def test_the_longest_unused_and_the_quickest_to_load_again_go_first():
    models = [idle("new", 10, rested=5), idle("old", 10, rested=500), idle("slow", 10, rested=500, load=100)]
    assert to_unload(models, {RAM: 10}) == ["old"]
    assert to_unload(models, {RAM: 20}) == ["old", "new"]


def test_what_holds_nothing_of_it_stays():
    assert to_unload([idle("a", ram=10), idle("b", gpu=10)], {GPU: 5}) == ["b"]


def test_a_smaller_one_is_spared_if_a_larger_one_is_needed_anyway():
    assert to_unload([idle("small", 2, rested=100), idle("large", 10)], {RAM: 9}) == ["large"]


def test_nothing_lacking_unloads_nothing():
    assert to_unload([idle("a", 10)], {}) == []
    assert to_unload([idle("a", 10)], {RAM: 0}) == []


def test_if_all_are_not_enough_all_that_help_go():
    assert sorted(to_unload([idle("a", 10), idle("b", 5), idle("c", gpu=5)], {RAM: 100})) == ["a", "b"]


@given(
    st.lists(
        st.builds(
            lambda ram, gpu, rested, load: (ram, gpu, rested, load),
            st.integers(0, 20),
            st.integers(0, 20),
            st.floats(0, 1000),
            st.floats(0, 100),
        ),
        max_size=7,
    ),
    st.integers(0, 60),
    st.integers(0, 60),
)
def test_what_goes_suffices_if_anything_does_and_none_of_it_is_too_many(models, ram, gpu):
    known = {str(n): idle(str(n), *model) for n, model in enumerate(models)}
    lacking = {RAM: ram, GPU: gpu}

    def frees(names):
        return all(sum(known[n].weights.get(resource, 0) for n in names) >= lacking[resource] for resource in lacking)

    chosen = to_unload(list(known.values()), lacking)
    assert len(chosen) == len(set(chosen))
    if frees(known):
        assert frees(chosen)
        assert not any(frees([one for one in chosen if one != name]) for name in chosen)
    else:
        helping = {n for n in known if any(known[n].weights.get(r, 0) for r in lacking if lacking[r])}
        assert set(chosen) <= helping


def test_a_model_that_was_just_used_has_no_infinite_regret():
    assert idle("a", rested=0.0, load=1.0).regret == pytest.approx(1000.0)
