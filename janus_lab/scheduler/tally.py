"""What became of the leases of one piece of work, in bounded space however many they were."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from janus_lab.scheduler.held import HeldLease

KEPT = 20
"""So many leases are kept one by one, the first ones; the others in sums."""


@dataclass(slots=True)
class LeaseTally:
    """Counts leases. Seconds are the process's own."""

    count: int = 0
    lost: int = 0
    yielded: int = 0
    waited_seconds: float = 0.0
    longest_wait_seconds: float = 0.0
    held_seconds: float = 0.0
    last_fence: int = 0
    first: list[dict[str, Any]] = field(default_factory=list)
    models: list[dict[str, Any]] = field(default_factory=list)
    _open: HeldLease | None = None

    def add(self, held: HeldLease) -> None:
        """Take in a lease that was granted."""
        self._open = held
        self.count += 1
        self.waited_seconds += held.waited_seconds
        self.longest_wait_seconds = max(self.longest_wait_seconds, held.waited_seconds)
        self.last_fence = held.fence
        _keep(self.first, held)

    def loaded(self, held: HeldLease) -> None:
        """Take in the lasting lease of a model that was loaded for this work."""
        _keep(self.models, held)

    def end(self, held: HeldLease, now: float) -> None:
        """Take in that a lease was given back."""
        self._open = None
        self.held_seconds += now - held.granted_at
        self.lost += held.lost
        self.yielded += held.yield_wanted

    def facts(self, now: float) -> dict[str, Any]:
        """Everything, JSON-ready; a lease that is held counts as held until `now`."""
        running = now - self._open.granted_at if self._open is not None else 0.0
        return {
            "count": self.count,
            "lost": self.lost,
            "yielded": self.yielded,
            "waited_seconds": round(self.waited_seconds, 3),
            "longest_wait_seconds": round(self.longest_wait_seconds, 3),
            "held_seconds": round(self.held_seconds + running, 3),
            "last_fence": self.last_fence,
            "first": self.first,
            "models": self.models,
        }


def together(earlier: Mapping[str, Any], latest: Mapping[str, Any]) -> dict[str, Any]:
    """The facts of an attempt with those of all before it, which may be none."""
    if not earlier:
        return dict(latest)
    sums = ("count", "lost", "yielded", "waited_seconds", "held_seconds")
    return {
        **{name: round(earlier[name] + latest[name], 3) for name in sums},
        "longest_wait_seconds": max(earlier["longest_wait_seconds"], latest["longest_wait_seconds"]),
        "last_fence": latest["last_fence"] or earlier["last_fence"],
        **{name: [*earlier[name], *latest[name]][:KEPT] for name in ("first", "models")},
    }


def _keep(kept: list[dict[str, Any]], held: HeldLease) -> None:
    if len(kept) < KEPT:
        kept.append(
            {
                "purpose": held.request.purpose,
                "weights": dict(held.request.weights),
                "fence": held.fence,
                "waited_seconds": round(held.waited_seconds, 3),
            }
        )
