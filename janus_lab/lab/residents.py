"""Which models are loaded, as the books of leases say."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from janus_lab.values.lease import LeaseBook
from janus_lab.values.model_status import Resident

PURPOSE = "model "
"""How the purpose of a loaded model's lease begins; its name follows."""


def residents(name: str, books: Sequence[LeaseBook]) -> Iterator[Resident]:
    """Where a model is loaded."""
    for book in books:
        for lease in book.leases:
            if lease.request.lasting and lease.request.purpose == PURPOSE + name:
                yield Resident(book.machine, lease.request.pid, dict(lease.request.weights), lease.granted_at)
