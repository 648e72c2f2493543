"""Rankings that do not depend on where an engine cuts among equal scores."""

from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st

from janus_lab.adapters.vector.ranking import best
from janus_lab.values.vector import ScoredPoint


def engine(points: list[ScoredPoint], seed: int):
    """Best scores first, equal ones in an order of its own."""
    order = points.copy()
    random.Random(seed).shuffle(order)
    order.sort(key=lambda p: -p.score)
    return lambda depth: order[:depth]


SCORES = st.lists(st.sampled_from([0.0, 0.5, 0.5, 1.0, 2.0]), max_size=200)


@given(SCORES, SCORES, st.integers(1, 60), st.integers(0, 99))
def test_any_engine_gives_the_same_ranking(first, second, limit, seed):
    rankings = [[ScoredPoint(f"{n:032x}", score) for n, score in enumerate(scores)] for scores in (first, second)]
    engines = [engine(points, seed) for points in rankings]
    found = best(2, limit, [0, 1], lambda depths: [engines[n](depth) for n, depth in depths.items()])
    assert found == [sorted(points, key=lambda p: (-p.score, p.chunk_id))[:limit] for points in rankings]


def test_what_is_not_wanted_is_not_asked_for():
    asked = []

    def fetch(depths):
        asked.append(dict(depths))
        return [[ScoredPoint("a", 1.0)] for _ in depths]

    assert best(2, 5, [1], fetch) == [[], [ScoredPoint("a", 1.0)]]
    assert [list(depths) for depths in asked] == [[1]]
    assert best(2, 5, [], fetch) == [[], []]


def test_a_sea_of_equals_is_not_fetched_whole():
    points = [ScoredPoint(f"{n:032x}", 1.0) for n in range(100_000)]
    depths = []

    def fetch(wanted):
        depths.append(wanted[0])
        return [points[: wanted[0]]]

    assert len(best(1, 10, [0], fetch)[0]) == 10
    assert max(depths) < 20_000
