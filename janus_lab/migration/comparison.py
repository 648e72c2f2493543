"""Whether the target holds exactly what the source holds."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from janus_lab.errors import StoreFailed
from janus_lab.migration.side import Side


def compare(source: Side, target: Side, *, damaged: Collection[str]) -> None:
    """Compare every store by ids. Raises StoreFailed that says what differs."""
    if differences := list(_differences(source, target, set(damaged))):
        raise StoreFailed(
            f"{target.name} differs from {source.name} after the migration: {'; '.join(differences)}",
            remedy="make sure that nobody works with either, then repeat the migration: it goes on where it was",
        )


def _differences(source: Side, target: Side, damaged: set[str]) -> Iterator[str]:
    yield from _told("runs", source.run_ids(), target.run_ids())
    yield from _told("documents", source.published(), target.published())
    yield from _told("objects", set(source.objects.keys()) - damaged, set(target.objects.keys()))
    for name in source.collections():
        chunks = source.chunk_ids(list(source.documents.iterate(name)))
        yield from _told(f"chunks of {name}", chunks, target.chunk_ids(list(target.documents.iterate(name))))
        yield from _told(f"vectors of {name}", source.vectors.ids(name) & chunks, target.vectors.ids(name))
    before, after = source.graph.totals(), target.graph.totals()
    for name in sorted({*before, *after}):
        if before.get(name) != after.get(name):
            yield f"graph of {name}: entities and relations {before.get(name)} there, {after.get(name)} here"


def _told(kind: str, expected: Collection[object], found: Collection[object]) -> Iterator[str]:
    missing, more = len(set(expected) - set(found)), len(set(found) - set(expected))
    if missing or more:
        yield f"{kind}: {missing} missing, {more} too many"
