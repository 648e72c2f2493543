"""A machine's memories, and what loaded models, other leases and others take of each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from janus_lab.values.lease import LeaseBook, free_of, is_memory
from janus_lab.values.model_status import DeviceMemory, MemoryShare, ModelStatus
from janus_lab.values.weights import spoken


def memories(book: LeaseBook, models: Sequence[ModelStatus]) -> tuple[DeviceMemory, ...]:
    """Each memory of the book's machine. What a model's lease covers is told apart as its load was measured, else estimated."""
    return tuple(_memory(book, name, models) for name in book.resources if is_memory(name))


def _memory(book: LeaseBook, resource: str, models: Sequence[ModelStatus]) -> DeviceMemory:
    use = book.resources[resource]
    shares = tuple(share for one in models for share in _shares(one, book.machine, resource))
    in_models = sum(share.weights + share.cache + share.compute for share in shares)
    return DeviceMemory(
        resource,
        spoken(resource),
        use.capacity.budget,
        shares,
        max(0, use.leased - in_models),
        use.capacity.outside + use.ending,
        max(0, free_of(use)),
    )


def _shares(model: ModelStatus, machine: str, resource: str) -> Iterator[MemoryShare]:
    """One for each process that holds it; what its lease covers beyond its parts counts as buffers."""
    known = model.footprint
    for one in model.residents:
        covered = one.covered.get(resource, 0)
        if one.machine != machine or not covered:
            continue
        weights = min(covered, known.weights.get(resource, 0)) if known else covered
        cache = min(covered - weights, known.cache.get(resource, 0)) if known else 0
        yield MemoryShare(model.record.name, weights, cache, covered - weights - cache)
