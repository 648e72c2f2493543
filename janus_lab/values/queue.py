"""What a broker holds."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class QueueLength:
    """Messages of one queue by what they wait for; None where the broker does not tell."""

    queue: str
    waiting: int
    delayed: int
    under_way: int | None
    dead: int


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """One parked message. `run_id` is "" where it names none; `died_at` is seconds since the epoch, None where unknown."""

    id: str
    queue: str
    run_id: str
    reason: str
    died_at: float | None = None
