"""Personalised PageRank against its definition, and how long snapshots are kept."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from janus_lab.adapters.graph.ranking import Snapshots, page_rank, snapshot_of

NAMES = st.sampled_from("abcdefg")
WEIGHTS = st.one_of(st.just(0.0), st.floats(0.01, 100), st.sampled_from([5e-324, 1e-300, 1e300, 1.7e308]))
EDGES = st.lists(st.tuples(NAMES, NAMES, WEIGHTS), max_size=14)
SEEDS = st.dictionaries(NAMES, st.sampled_from([1e-6, 1.0, 2.5, 1e6]), min_size=1, max_size=3)


def exact(names: str, edges, seeds) -> dict[str, float]:
    """The solution of its equations."""
    size = len(names)
    weights = np.zeros((size, size))
    for source, target, weight in edges:
        pairs = {(names.index(source), names.index(target)), (names.index(target), names.index(source))}
        for pair in pairs:
            weights[pair] += weight
    restart = np.array([seeds.get(name, 0.0) for name in names])
    restart /= restart.sum()
    rows = [row / row.sum() if row.any() else restart for row in weights]
    solved = np.linalg.solve(np.eye(size) - 0.85 * np.array(rows).T, 0.15 * restart)
    return dict(zip(names, solved, strict=True))


@settings(max_examples=150, deadline=None)
@given(edges=st.lists(st.tuples(NAMES, NAMES, st.one_of(st.just(0.0), st.floats(0.01, 100))), max_size=14), seeds=SEEDS)
def test_ranks_solve_their_equations(edges, seeds):
    ranks = dict(page_rank(snapshot_of("abcdefg", edges), seeds, 100))
    wanted = exact("abcdefg", edges, seeds)
    assert {name: ranks.get(name, 0.0) for name in wanted} == pytest.approx(wanted, abs=1e-6)


@settings(max_examples=100, deadline=None)
@given(edges=EDGES, seeds=SEEDS, data=st.data())
def test_the_order_in_which_relations_come_changes_no_bit(edges, seeds, data):
    ranks = page_rank(snapshot_of("abcdefg", edges), seeds, 100)
    mixed = data.draw(st.permutations(edges))
    assert page_rank(snapshot_of("gfedcba", mixed), seeds, 100) == ranks
    assert sum(rank for _, rank in ranks) == pytest.approx(1, abs=1e-6)
    assert [pair[0] for pair in sorted(ranks, key=lambda pair: (-round(pair[1], 12), pair[0]))] == [n for n, _ in ranks]


def test_equals_come_by_id_and_what_no_walk_reaches_is_left_out():
    snapshot = snapshot_of("dcbaz", [("a", "b", 1.0), ("d", "a", 1.0), ("a", "c", 1.0)])
    assert [name for name, _ in page_rank(snapshot, {"a": 1}, 9)] == ["a", "b", "c", "d"]
    assert page_rank(snapshot, {"a": 0, "unknown": 1, "z": -1}, 9) == []
    assert page_rank(snapshot, {"z": 1}, 9) == [("z", 1.0)]
    assert page_rank(snapshot, {"a": 1}, 0) == []


def test_snapshots_are_kept_until_the_mark_moves_and_within_their_bound():
    loaded = []

    def take(collection: str, mark: str, size: int = 3) -> None:
        def load():
            loaded.append(collection)
            return snapshot_of(map(str, range(size)), [])

        assert len(snapshots.at(collection, mark, load).ids) == size

    snapshots = Snapshots(most=7)
    for collection, mark in [("a", "1"), ("a", "1"), ("a", "2"), ("b", "1"), ("a", "2")]:
        take(collection, mark)
    assert loaded == ["a", "a", "b"]
    take("c", "1")
    take("a", "2")
    take("b", "1")
    assert loaded == ["a", "a", "b", "c", "b"]
    take("large", "1", 20)
    take("large", "1", 20)
    take("b", "1")
    assert loaded == ["a", "a", "b", "c", "b", "large", "b"]
