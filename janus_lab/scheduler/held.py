"""A lease as the process knows it that holds it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from janus_lab.errors import LeaseLost
from janus_lab.values.lease import LeaseRequest


def nobody() -> None:
    """What a holder does that is not to be asked."""


@dataclass(slots=True)
class HeldLease:
    """Times are the process's own, in seconds. The heartbeat and the holder change single fields, from any thread.

    `asked_to_yield` is called from the heartbeat's thread, and must not wait.
    """

    request: LeaseRequest
    fence: int
    granted_at: float
    heard_at: float
    """When the server was last asked and said that it is ours."""
    waited_seconds: float = 0.0
    yield_wanted: bool = False
    asked_back: bool = False
    """Somebody wants just this one back, whoever waits for what."""
    lost: bool = False
    asked_to_yield: Callable[[], None] = nobody

    def require(self) -> None:
        """Raise LeaseLost if it expired meanwhile."""
        if self.lost:
            raise LeaseLost(
                f"the lease for {self.request.purpose} expired while it was held",
                remedy="nothing is lost: it is asked for again, and the work goes on",
            )
