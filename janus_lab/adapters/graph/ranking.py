"""Personalised PageRank over a snapshot of a collection's relations: the same numbers whichever store they come from."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

_DAMPING = 0.85
_TOLERANCE = 1e-10
_MOST_ROUNDS = 200
_DIGITS = 12
_KEPT = 4

Edge = tuple[str, str, float]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A collection's relations as arrays: both directions of each, weights divided by the sum of what leaves an entity."""

    ids: tuple[str, ...]
    places: Mapping[str, int]
    sources: npt.NDArray[np.int32]
    targets: npt.NDArray[np.int32]
    shares: npt.NDArray[np.float64]
    leaving: npt.NDArray[np.bool_]


def snapshot_of(ids: Iterable[str], edges: Iterable[Edge]) -> Snapshot:
    """A snapshot of these entities and weighted relations; what is parallel adds up, and a loop counts once."""
    ordered = tuple(sorted(ids))
    places = {name: place for place, name in enumerate(ordered)}
    rows = [(places[s], places[t], w) for s, t, w in edges if s in places and t in places]
    ends = np.array([row[:2] for row in rows], dtype=np.int32).reshape(-1, 2)
    weights = np.array([row[2] for row in rows], dtype=np.float64)
    back = ends[:, 0] != ends[:, 1]
    sources = np.concatenate([ends[:, 0], ends[back, 1]])
    targets = np.concatenate([ends[:, 1], ends[back, 0]])
    both = np.concatenate([weights, weights[back]])
    # Sums of floats depend on their order, and stores give relations in different ones.
    order = np.lexsort((both, targets, sources))
    sources, targets, both = sources[order], targets[order], both[order]
    out = np.bincount(sources, weights=both, minlength=len(ordered))
    leaving = out > 0
    shares = np.divide(both, out[sources], out=np.zeros_like(both), where=leaving[sources])
    return Snapshot(ordered, places, sources, targets, shares, leaving)


def page_rank(snapshot: Snapshot, seeds: Mapping[str, float], limit: int) -> list[tuple[str, float]]:
    """Entities by the weight of a random walk that restarts at the seeds, best first, ties by id; [] without a known seed."""
    restart = np.zeros(len(snapshot.ids))
    for name, weight in seeds.items():
        if name in snapshot.places and weight > 0:
            restart[snapshot.places[name]] = weight
    if not restart.any() or limit <= 0:
        return []
    restart /= restart.sum()
    rank = restart.copy()
    for _ in range(_MOST_ROUNDS):
        flow = np.bincount(snapshot.targets, rank[snapshot.sources] * snapshot.shares, minlength=len(rank))
        # Where nothing leads on, the walk restarts.
        lost = rank[~snapshot.leaving].sum()
        following = _DAMPING * (flow + lost * restart) + (1 - _DAMPING) * restart
        moved = np.abs(following - rank).sum()
        rank = following
        if moved < _TOLERANCE:
            break
    scores = np.round(rank, _DIGITS)
    best = np.argsort(-scores, kind="stable")[:limit]
    return [(snapshot.ids[place], float(rank[place])) for place in best if scores[place] > 0]


class Snapshots:
    """The snapshots last used, each with the mark of the state that it shows; safe from several threads."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, tuple[str, Snapshot]] = OrderedDict()
        self._lock = threading.Lock()

    def at(self, collection: str, mark: str, load: Callable[[], Snapshot]) -> Snapshot:
        """The collection's snapshot at `mark`, loaded unless it is kept."""
        with self._lock:
            known = self._kept.get(collection)
            if known is None or known[0] != mark:
                known = (mark, load())
                self._kept[collection] = known
            self._kept.move_to_end(collection)
            while len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
            return known[1]
