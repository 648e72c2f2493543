"""The best points in an order that every engine gives alike: by score, and equal scores by chunk id."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from janus_lab.values.vector import ScoredPoint

Fetch = Callable[[Mapping[int, int]], Sequence[Sequence[ScoredPoint]]]
"""Asks for rankings by number, each to the depth given for it; answers in the mapping's order."""

_MARGIN = 16
_DEEPER = 4
_DEEPEST = 4096
"""So many equal scores beyond the limit are looked at before the engine's own order has to do."""


def best(count: int, limit: int, wanted: Sequence[int], fetch: Fetch) -> list[list[ScoredPoint]]:
    """The `limit` best points of `count` rankings; those that are not `wanted` stay empty.

    An engine cuts off anywhere among equal scores, so a little more is fetched, and more again while the cut still lies
    among equals: the same points then give the same ranking in any engine.
    """
    rankings: list[list[ScoredPoint]] = [[] for _ in range(count)]
    margin = _MARGIN
    open_ends = list(wanted)
    while open_ends:
        for number, found in zip(open_ends, fetch(dict.fromkeys(open_ends, limit + margin)), strict=True):
            rankings[number] = sorted(found, key=lambda p: (-p.score, p.chunk_id))
        open_ends = [n for n in open_ends if _cut_among_equals(rankings[n], limit, margin)]
        margin *= _DEEPER
    return [ranking[:limit] for ranking in rankings]


def _cut_among_equals(ranking: Sequence[ScoredPoint], limit: int, margin: int) -> bool:
    full = len(ranking) >= limit + margin
    return full and margin <= _DEEPEST and ranking[-1].score == ranking[limit - 1].score
