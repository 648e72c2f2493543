"""One thread that keeps all of a process's leases alive."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import structlog

from janus_lab.errors import StoreUnreachable
from janus_lab.ports.leases import Leases
from janus_lab.scheduler.held import HeldLease
from janus_lab.values.lease import GrantState, Renewal

_BEATS = 4
"""So often in its time to live a lease is renewed: a server may be away for most of it."""

_log = structlog.get_logger(__name__)


class Heartbeat:
    """Renews what it is given until that is taken away again. The thread begins with the first lease."""

    def __init__(
        self, leases: Leases, machine: str, ttl_seconds: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._leases = leases
        self._machine = machine
        self._ttl_seconds = ttl_seconds
        self._clock = clock
        self._lock = threading.Lock()
        self._held: dict[str, HeldLease] = {}
        self._over = threading.Event()
        self._thread: threading.Thread | None = None

    def add(self, held: HeldLease) -> None:
        """Keep a lease alive from now on."""
        with self._lock:
            self._held[held.request.id] = held
            if self._thread is None and not self._over.is_set():
                self._thread = threading.Thread(target=self._loop, name="lease-heartbeat", daemon=True)
                self._thread.start()

    def remove(self, held: HeldLease) -> None:
        """Let it be: it is given back."""
        with self._lock:
            self._held.pop(held.request.id, None)

    def close(self) -> None:
        """End the thread; what is held expires unless it is given back."""
        self._over.set()
        if self._thread is not None:
            self._thread.join()

    def renew(self, held: HeldLease) -> None:
        """Ask the server now. A server that does not answer takes nothing away before the lease's time is over."""
        began = self._clock()
        try:
            self._settle(held, self._leases.renew(self._machine, held.request.id, held.fence, self._ttl_seconds), began)
        except StoreUnreachable:
            if self._clock() - held.heard_at > self._ttl_seconds:
                held.lost = True

    def _settle(self, held: HeldLease, renewal: Renewal, began: float) -> None:
        if renewal is Renewal.EXPIRED:
            held.lost = True
            return
        held.heard_at = began
        held.yield_wanted = renewal is Renewal.YIELD
        held.asked_back = renewal is Renewal.ASKED_BACK
        if held.yield_wanted or held.asked_back:
            held.asked_to_yield()

    def _loop(self) -> None:
        while not self._over.wait(self._ttl_seconds / _BEATS / 2):
            with self._lock:
                held = list(self._held.values())
            for one in held:
                if self._clock() - one.heard_at < self._ttl_seconds / _BEATS:
                    continue
                try:
                    self._beat(one)
                except Exception:  # noqa: BLE001 - whatever a holder does when it is to yield, the others' leases live on
                    # The next beat is soon; whoever holds it learns of its loss.
                    _log.warning("lease-not-renewed", lease=one.request.id, exc_info=True)

    def _beat(self, held: HeldLease) -> None:
        self.renew(held)
        if held.lost and held.request.lasting and self._is_ours(held):
            self._ask_again(held)

    def _is_ours(self, held: HeldLease) -> bool:
        with self._lock:
            return held.request.id in self._held

    def _ask_again(self, held: HeldLease) -> None:
        """What a lasting lease covers is still there, so it is asked for until it is granted again.

        It takes no place in the queue: what it covers is measured as used by nobody's lease meanwhile, and in a queue it
        would ask others to give back what it has already. Where there is no room for it, its holder is asked to yield.
        """
        began = self._clock()
        grant = self._leases.request(self._machine, held.request, self._ttl_seconds)
        granted = grant.state is GrantState.GRANTED
        if granted:
            held.fence, held.heard_at, held.lost = grant.fence, began, False
            _log.info("lost-lease-granted-again", lease=held.request.id, purpose=held.request.purpose)
        # It may have been given back since it was looked at.
        if not granted or not self._is_ours(held):
            self._leases.withdraw(self._machine, held.request.id)
        if not granted:
            held.asked_to_yield()
