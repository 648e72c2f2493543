"""Waiting for somebody else's answer only as long as it is wanted."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Protocol, runtime_checkable

from janus_lab.values.load_order import StillWanted


@runtime_checkable
class SupportsGivingUp(Protocol):
    """A backend that waits for a server."""

    def wanted_as_long_as(self, still_wanted: StillWanted) -> AbstractContextManager[None]:
        """What this thread asks of it inside is given up within 0.2 s once `still_wanted` raises, and that is raised."""
        ...
