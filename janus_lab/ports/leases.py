"""Leases over one machine's resources: asked for, waited for, renewed, given back; and what they are granted from."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from typing import Protocol

from janus_lab.values.lease import Capacity, Grant, LeaseBook, LeaseRequest, Renewal


class Leases(Protocol):
    """Who may use how much of a machine. Every change is atomic; only the server's clock counts.

    A machine's capacity comes from `publish`, which its sampler calls again and again; while that is older than its
    `stale_seconds`, or a resource has a failure, nothing (of it) is granted. Raises StoreUnreachable where the server does not answer.
    """

    def request(self, machine: str, wanted: LeaseRequest, ttl_seconds: float) -> Grant:
        """Grant at once, or queue by priority and age. To be repeated every second or two while it waits: that keeps its place,
        and finds a grant that was made meanwhile. A request that is not repeated for `ttl_seconds` loses its place.
        """
        ...

    def renew(self, machine: str, lease_id: str, fence: int, ttl_seconds: float) -> Renewal:
        """Prolong a lease, and learn whether somebody waits for what it holds."""
        ...

    def release(self, machine: str, lease_id: str, fence: int) -> bool:
        """Give a lease back and grant what now fits; False if it was not held any more. What it covered must be free already."""
        ...

    def ask_back(self, machine: str, lease_id: str) -> bool:
        """Have a lasting lease given back as soon as nobody uses what it covers; False if there is none of that id.

        Its holder hears of it when it next renews. A lease that expires and is granted again is not asked back any more.
        """
        ...

    def withdraw(self, machine: str, lease_id: str) -> None:
        """Stop waiting; if it was granted meanwhile, give it back."""
        ...

    def publish(
        self, machine: str, capacities: Mapping[str, Capacity], *, measured_at: float, stale_seconds: float
    ) -> None:
        """Say what the machine has, as measured after `held` was read at `measured_at` (the server's time that `held` gave).

        Ends leases that expired, and grants what fits now.
        """
        ...

    def held(self, machine: str) -> tuple[float, Mapping[int, Mapping[str, int]]]:
        """The server's time, and what living leases cover by process id and resource: to be read just before measuring."""
        ...

    def book(self, machine: str) -> LeaseBook:
        """Everything about a machine's leases, for people."""
        ...

    def machines(self) -> list[str]:
        """Machines that published a capacity not long ago."""
        ...

    def listening(self, machine: str, granted: Callable[[str], None]) -> AbstractContextManager[None]:
        """While inside, `granted` is told (from another thread) the id of each waiting request that is granted. May miss some."""
        ...
