from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from janus_lab.adapters.backend.length_batches import length_batches


@given(lengths=st.lists(st.integers(0, 300), max_size=60), budget=st.integers(1, 1000))
def test_every_position_once_and_no_batch_over_the_budget(lengths, budget):
    batches = [list(b) for b in length_batches(lengths, budget)]
    assert sorted(n for b in batches for n in b) == list(range(len(lengths)))
    for batch in batches:
        assert len(batch) == 1 or max(lengths[n] for n in batch) * len(batch) <= budget
    flat = [lengths[n] for b in batches for n in b]
    assert flat == sorted(flat, reverse=True)
