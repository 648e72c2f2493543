"""Rates: so many a second, however many processes ask."""

from __future__ import annotations

from typing import Protocol


class Throttle(Protocol):
    """A rate shared by every process (GCRA, the generic cell rate algorithm of ATM Forum TM 4.0 used as a leaky bucket)."""

    def wait_seconds(self, name: str, *, per_second: float, burst: int, cost: int = 1) -> float:
        """0.0 and the permit is taken, or how long to wait before asking again (nothing is taken then)."""
        ...
