"""Rates: so many a second, however many processes ask."""

from __future__ import annotations

from typing import Protocol

from janus_lab.values.rate import Rate


class Throttle(Protocol):
    """Rates shared by every process: the generic cell rate algorithm (ITU-T I.371), in its form as a virtual schedule."""

    def wait_seconds(self, name: str, rate: Rate, *, cost: int = 1) -> float:
        """0.0 and the permit is taken, or how long to wait before asking again (nothing is taken then).

        Raises Defect when `cost` is more than a burst.
        """
        ...
