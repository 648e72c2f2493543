"""Personalised PageRank over a snapshot of a collection in memory: the same numbers whichever store it comes from."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import rustworkx

_DAMPING = 0.85
_TOLERANCE = 1e-9
_MOST_ROUNDS = 300
_DIGITS = 12
_MOST_KEPT = 1_000_000
"""So many entities and relations may be in all snapshots together, unless one alone has more; each takes about 160 bytes."""

Edge = tuple[str, str, float]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A collection as a directed graph with both directions of each relation; nodes are numbered in the order of ids."""

    ids: tuple[str, ...]
    numbers: Mapping[str, int]
    graph: rustworkx.PyDiGraph[None, float]
    size: int
    """Entities and relations."""


def snapshot_of(ids: Iterable[str], edges: Iterable[Edge]) -> Snapshot:
    """A snapshot of these entities and weighted relations; what is parallel adds up, and a loop counts once."""
    ordered = tuple(sorted(ids))
    numbers = {name: number for number, name in enumerate(ordered)}
    known = [(numbers[s], numbers[t], weight) for s, t, weight in edges if s in numbers and t in numbers]
    # Sums of floats depend on their order, and stores give relations in different ones.
    known.sort()
    # Only ratios count among what leaves an entity; these can be neither too large nor too small to be added up.
    largest = [0.0] * len(ordered)
    for source, target, weight in known:
        largest[source] = max(largest[source], weight)
        largest[target] = max(largest[target], weight)
    graph: rustworkx.PyDiGraph[None, float] = rustworkx.PyDiGraph(
        node_count_hint=len(ordered), edge_count_hint=2 * len(known)
    )
    graph.add_nodes_from([None] * len(ordered))
    graph.add_edges_from([(s, t, weight / largest[s]) for s, t, weight in known if weight])
    graph.add_edges_from([(t, s, weight / largest[t]) for s, t, weight in known if weight and s != t])
    return Snapshot(ordered, numbers, graph, len(ordered) + len(known))


def page_rank(snapshot: Snapshot, seeds: Mapping[str, float], limit: int) -> list[tuple[str, float]]:
    """Entities by the weight of a random walk that restarts at the seeds, best first, ties by id; [] without a known seed.

    Where nothing leads on, the walk restarts. Raises rustworkx.FailedToConverge only after hundreds of rounds, of which this
    damping needs fewer than 130.
    """
    numbers = snapshot.numbers
    restart = {numbers[name]: float(weight) for name, weight in seeds.items() if name in numbers and weight > 0}
    if not restart or limit <= 0:
        return []
    found = rustworkx.pagerank(
        snapshot.graph,
        alpha=_DAMPING,
        weight_fn=float,
        personalization=restart,
        # From anywhere else, a trace of the start would stay where the walk never comes.
        nstart=restart,
        # The library multiplies it by the number of nodes.
        tol=_TOLERANCE / len(numbers),
        max_iter=_MOST_ROUNDS,
    )
    ranks = [(round(rank, _DIGITS), number) for number, rank in found.items()]
    best = sorted((-rank, number) for rank, number in ranks if rank > 0)[:limit]
    return [(snapshot.ids[number], -rank) for rank, number in best]


class Snapshots:
    """The snapshots last used, each with the mark of the state that it shows; bounded in size, safe from several threads."""

    def __init__(self, most: int = _MOST_KEPT) -> None:
        self._most = most
        self._kept: OrderedDict[str, tuple[str, Snapshot]] = OrderedDict()
        self._lock = threading.Lock()

    def at(self, collection: str, mark: str, load: Callable[[], Snapshot]) -> Snapshot:
        """The collection's snapshot at `mark`, loaded unless it is kept."""
        with self._lock:
            known = self._kept.pop(collection, None)
            if known is None or known[0] != mark:
                # What is out of date isn't held while its successor is made.
                known = None
                known = (mark, load())
            self._kept[collection] = known
            while len(self._kept) > 1 and sum(kept.size for _, kept in self._kept.values()) > self._most:
                self._kept.popitem(last=False)
            return known[1]
