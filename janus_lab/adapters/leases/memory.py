"""Leases in the memory of one process, for the inline room: the law in plain Python, under a lock."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from queue import SimpleQueue

from janus_lab.adapters.leases.entries import SECOND
from janus_lab.adapters.leases.model import Book
from janus_lab.adapters.leases.weights import claiming, countable, microseconds
from janus_lab.ports.leases import Leases
from janus_lab.values.lease import Capacity, Grant, LeaseBook, LeaseRequest, Renewal

RECENT_SECONDS = 60.0
"""A machine is there if it published so lately."""


@contextmanager
def open_leases(url: str = "memory://", *, clock: Callable[[], float] = time.time) -> Iterator[Leases]:  # noqa: ARG001 - one signature for every scheme
    """Leases that nobody outside this process sees. `clock` tells seconds since the epoch."""
    yield MemoryLeases(clock)


class MemoryLeases:
    """A book a machine."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._books: dict[str, Book] = {}
        self._listeners: dict[str, list[SimpleQueue[str]]] = {}

    def request(self, machine: str, wanted: LeaseRequest, ttl_seconds: float) -> Grant:
        """Grant at once, or queue by priority and age."""
        with self._book(machine) as book:
            return book.request(self._now(), claiming(wanted), microseconds(ttl_seconds))

    def renew(self, machine: str, lease_id: str, fence: int, ttl_seconds: float) -> Renewal:
        """Prolong a lease, and learn whether somebody waits for what it holds."""
        with self._book(machine) as book:
            return book.renew(self._now(), lease_id, fence, microseconds(ttl_seconds))

    def release(self, machine: str, lease_id: str, fence: int) -> bool:
        """Give a lease back and grant what now fits; False if it was not held any more."""
        with self._book(machine) as book:
            return book.release(self._now(), lease_id, fence)

    def ask_back(self, machine: str, lease_id: str) -> bool:
        """Have a lasting lease given back as soon as nobody uses what it covers; False if there is none of that id."""
        with self._book(machine) as book:
            return book.ask_back(self._now(), lease_id)

    def withdraw(self, machine: str, lease_id: str) -> None:
        """Stop waiting; if it was granted meanwhile, give it back."""
        with self._book(machine) as book:
            book.withdraw(self._now(), lease_id)

    def publish(
        self, machine: str, capacities: Mapping[str, Capacity], *, measured_at: float, stale_seconds: float
    ) -> None:
        """Say what the machine has, as measured at `measured_at`."""
        with self._book(machine) as book:
            book.publish(self._now(), countable(capacities), microseconds(measured_at), microseconds(stale_seconds))

    def held(self, machine: str) -> tuple[float, Mapping[int, Mapping[str, int]]]:
        """The time, and what living leases cover by process id and resource."""
        with self._book(machine) as book:
            at, covered = book.held(self._now())
            return at / SECOND, covered

    def book(self, machine: str) -> LeaseBook:
        """Everything about a machine's leases."""
        with self._book(machine) as book:
            return book.book(self._now())

    def machines(self) -> list[str]:
        """Machines that published a capacity not long ago."""
        with self._lock:
            since = self._now() - microseconds(RECENT_SECONDS)
            return sorted(book.machine for book in self._books.values() if book.published_at > since)

    @contextmanager
    def listening(self, machine: str, granted: Callable[[str], None]) -> Iterator[None]:
        """While inside, `granted` is told (from another thread) the id of each waiting request that is granted."""
        told: SimpleQueue[str] = SimpleQueue()

        def tell() -> None:
            while lease_id := told.get():
                granted(lease_id)

        thread = threading.Thread(target=tell, name="janus-granted", daemon=True)
        with self._lock:
            self._listeners.setdefault(machine, []).append(told)
        thread.start()
        try:
            yield
        finally:
            with self._lock:
                self._listeners[machine].remove(told)
            told.put("")
            thread.join()

    def _now(self) -> int:
        return microseconds(self._clock())

    @contextmanager
    def _book(self, machine: str) -> Iterator[Book]:
        with self._lock:
            book = self._books.setdefault(machine, Book(machine))
            yield book
            told, book.granted = book.granted, []
            for listener in self._listeners.get(machine, ()):
                for lease_id in told:
                    listener.put(lease_id)
