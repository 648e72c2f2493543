"""A rate that several processes keep to together."""

from __future__ import annotations

from dataclasses import dataclass

from janus_lab.errors import Defect


@dataclass(frozen=True, slots=True)
class Rate:
    """At most `per_second` in the long run (infinity: any number), and `burst` at once after a pause.

    Raises Defect for a rate that lets nothing through.
    """

    per_second: float
    burst: int = 1

    def __post_init__(self) -> None:
        if not (self.per_second > 0 and self.burst >= 1):
            raise Defect(
                f"a rate of {self.per_second} a second, {self.burst} at once, lets nothing through",
                remedy="give a rate above 0 and a burst of 1 or more",
            )

    @property
    def interval_us(self) -> float:
        """Microseconds between two permits at the steady rate."""
        return 1e6 / self.per_second

    def check_cost(self, cost: int) -> None:
        """Raise Defect for a cost that can never be paid."""
        if not 1 <= cost <= self.burst:
            raise Defect(
                f"{cost} permits at once, of {self.burst}", remedy="ask for 1 or more, and no more than a burst"
            )
