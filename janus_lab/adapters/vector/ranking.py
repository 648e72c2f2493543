"""The best points in an order that every engine gives alike: by score, and equal scores by chunk id."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from janus_lab.values.vector import ScoredPoint

Fetch = Callable[[Sequence[int]], Sequence[Sequence[ScoredPoint]]]
"""Asks for rankings, each to the depth given for it; 0 asks for none of it."""

_MARGIN = 16
_DEEPER = 4
_DEEPEST = 4096
"""So many equal scores beyond the limit are looked at before the engine's own order has to do."""


def best(limits: Sequence[int], fetch: Fetch) -> list[list[ScoredPoint]]:
    """The best points of each ranking, as many as its limit says.

    An engine cuts off anywhere among equal scores, so a little more is fetched, and more again while the cut still lies
    among equals: the same points then give the same ranking in any engine.
    """
    depths = [limit + _MARGIN if limit else 0 for limit in limits]
    found = [list(ranking) for ranking in fetch(depths)]
    while open_ends := [n for n, limit in enumerate(limits) if _cut_among_equals(found[n], limit, depths[n])]:
        deeper = [limits[n] + (depths[n] - limits[n]) * _DEEPER if n in open_ends else 0 for n in range(len(limits))]
        again = fetch(deeper)
        for n in open_ends:
            found[n], depths[n] = list(again[n]), deeper[n]
    return [
        sorted(ranking, key=lambda p: (-p.score, p.chunk_id))[:limit]
        for ranking, limit in zip(found, limits, strict=True)
    ]


def _cut_among_equals(ranking: Sequence[ScoredPoint], limit: int, depth: int) -> bool:
    if not limit or len(ranking) < depth or depth - limit > _DEEPEST:
        return False
    return min(p.score for p in ranking) == sorted((p.score for p in ranking), reverse=True)[limit - 1]
