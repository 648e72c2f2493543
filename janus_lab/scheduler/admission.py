"""Leases of this process: asked for, waited for, kept alive, given back."""

from __future__ import annotations

import os
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace

import structlog

from janus_lab.errors import JanusError, LeaseImpossible, StoreUnreachable
from janus_lab.ports.leases import Leases
from janus_lab.scheduler.asker import Asker
from janus_lab.scheduler.demand import Demand
from janus_lab.scheduler.heartbeat import Heartbeat
from janus_lab.scheduler.held import HeldLease
from janus_lab.values.lease import Grant, GrantState, LeaseBook, LeaseRequest, free_of, is_memory
from janus_lab.values.weights import weighed

AGAIN_SECONDS = 1.0
"""A waiting request is repeated so often: that keeps its place and finds a grant of which no word came."""
BUDGETS_SECONDS = 60.0
"""So long it is remembered how much there is, once more was asked for."""
LOOK_SECONDS = 0.05
"""How often who waits looks whether it still wants to."""

_log = structlog.get_logger(__name__)


Relief = Callable[[Mapping[str, int]], None]
"""Gives back what is held and not used, as far as it is of what is lacking (bytes by resource)."""


class Admission:
    """What asks a machine's ledger of leases, for all threads of one process.

    Whoever waits in `ask` must hold no lease that others wait for but lasting ones: see `janus_lab.scheduler.work`.
    """

    def __init__(
        self,
        leases: Leases,
        *,
        machine: str,
        holder: str,
        ttl_seconds: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._leases = leases
        self._machine = machine
        self._holder = holder
        self._ttl_seconds = ttl_seconds
        self._clock = clock
        self._heartbeat = Heartbeat(leases, machine, ttl_seconds, clock)
        self._lock = threading.Lock()
        self._told: dict[str, threading.Event] = {}
        self._listening = False
        self._budgets: Mapping[str, int] = {}
        self._budgets_until = float("-inf")
        self._reliefs: list[Relief] = []
        self._resources = ExitStack()

    def ask(
        self,
        demand: Demand,
        asker: Asker,
        *,
        lasting: bool = False,
        asked_to_yield: Callable[[], None] | None = None,
    ) -> HeldLease:
        """Wait until `demand` is granted. More processors or memory than there is are asked for as all there is, unless `lasting`.

        Raises LeaseImpossible, StoreUnreachable for a server that is away for longer than a lease lives, and what
        `asker.waiting` raises.
        """
        wanted = LeaseRequest(
            uuid.uuid4().hex,
            demand.weights if lasting else self._bounded(demand.weights),
            asker.priority,
            self._holder,
            demand.purpose,
            pid=os.getpid(),
            run_id=asker.run_id,
            cell=asker.cell,
            lasting=lasting,
        )
        began = self._clock()
        with self._expecting(wanted.id) as told:
            try:
                held = self._waited(wanted, asker, told, began)
            except BaseException:
                self._withdraw(wanted.id)
                raise
        if asked_to_yield is not None:
            held.asked_to_yield = asked_to_yield
        self._heartbeat.add(held)
        return held

    def give_back(self, held: HeldLease) -> None:
        """Give a lease back; what it covered must be free. A server that is away frees it itself when it expires."""
        self._heartbeat.remove(held)
        with suppress(StoreUnreachable):
            self._leases.release(self._machine, held.request.id, held.fence)

    def look(self, held: HeldLease) -> None:
        """Learn now whether a lease is still ours, and whether somebody more urgent waits."""
        self._heartbeat.renew(held)

    def now(self) -> float:
        """The process's own clock, which times in a HeldLease are by."""
        return self._clock()

    def relieved_by(self, relief: Relief) -> None:
        """Call `relief` while somebody here waits for memory."""
        self._reliefs.append(relief)

    def shortage(self, for_whom: str = "") -> dict[str, int]:
        """Bytes of memory that are lacking for all that wait, or for all up to the request with the id `for_whom`, by resource."""
        book = self._leases.book(self._machine)
        wanted: dict[str, int] = {}
        for waiting in book.waiting:
            for name, weight in waiting.request.weights.items():
                wanted[name] = wanted.get(name, 0) + weight
            if waiting.request.id == for_whom:
                break
        lacking = {
            name: amount - free_of(book.resources[name])
            for name, amount in wanted.items()
            if name in book.resources and is_memory(name)
        }
        return {name: amount for name, amount in lacking.items() if amount > 0}

    def book(self) -> LeaseBook:
        """Everything about the machine's leases now."""
        return self._leases.book(self._machine)

    def close(self) -> None:
        """Stop renewing and listening."""
        self._heartbeat.close()
        self._resources.close()

    def _waited(self, wanted: LeaseRequest, asker: Asker, told: threading.Event, began: float) -> HeldLease:
        asked = heard = began
        grant = Grant(GrantState.CLOSED)
        kept: set[str] = set()
        while True:
            try:
                grant = self._leases.request(self._machine, wanted, self._ttl_seconds)
                heard = asked
            except StoreUnreachable:
                if self._clock() - heard > self._ttl_seconds:
                    raise
            if grant.state is GrantState.GRANTED:
                now = self._clock()
                for purpose in sorted(kept - self._lasting()) if kept else ():
                    asker.told("model-evicted", f"{purpose} was unloaded, as its memory was needed")
                return HeldLease(wanted, grant.fence, now, asked, waited_seconds=now - began)
            if grant.state is GrantState.IMPOSSIBLE:
                wanted = self._as_much_as_there_is(wanted)
                continue
            self._listen()
            wants_memory = any(map(is_memory, grant.lacking))
            if wants_memory:
                # Before it waits: a holder that hears of it makes way by itself.
                kept = kept or self._lasting()
            while not told.wait(LOOK_SECONDS) and self._clock() - asked < AGAIN_SECONDS:
                asker.waiting(grant, self._clock() - began)
            asker.waiting(grant, self._clock() - began)
            if wants_memory:
                self._relieve(wanted.id)
            told.clear()
            asked = self._clock()

    def _as_much_as_there_is(self, wanted: LeaseRequest) -> LeaseRequest:
        budgets = {name: use.capacity.budget for name, use in self._leases.book(self._machine).resources.items()}
        self._budgets, self._budgets_until = budgets, self._clock() + BUDGETS_SECONDS
        weights = {name: min(weight, max(budgets.get(name, 0), 0)) for name, weight in wanted.weights.items()}
        if wanted.lasting or weights == dict(wanted.weights) or not all(weights.values()):
            raise LeaseImpossible(
                f"{wanted.purpose} needs {weighed(wanted.weights)}, and this machine may give {weighed(budgets)}",
                remedy="raise lease_ram_mb or lease_vram_mb in janus.toml, or choose a smaller model",
            )
        return replace(wanted, weights=weights)

    def _bounded(self, weights: Mapping[str, int]) -> Mapping[str, int]:
        """Not more than there was lately, so that nobody asks in vain each time."""
        if self._clock() > self._budgets_until:
            return weights
        return {name: min(weight, self._budgets.get(name, weight)) for name, weight in weights.items()}

    def _relieve(self, request_id: str) -> None:
        if not self._reliefs:
            return
        with suppress(StoreUnreachable):
            shortage = self.shortage(request_id)
            for relief in self._reliefs:
                relief(shortage)

    def _lasting(self) -> set[str]:
        """What is held between pieces of work, here and by other processes."""
        with suppress(StoreUnreachable):
            leases = self._leases.book(self._machine).leases
            return {lease.request.purpose for lease in leases if lease.request.lasting}
        return set()

    def _withdraw(self, lease_id: str) -> None:
        # A server that is away forgets who does not ask again.
        with suppress(StoreUnreachable):
            self._leases.withdraw(self._machine, lease_id)

    @contextmanager
    def _expecting(self, lease_id: str) -> Iterator[threading.Event]:
        told = self._told[lease_id] = threading.Event()
        try:
            yield told
        finally:
            del self._told[lease_id]

    def _listen(self) -> None:
        """From the first wait on; whoever is not told finds out by asking again."""
        with self._lock:
            if self._listening:
                return
            try:
                self._resources.enter_context(self._leases.listening(self._machine, self._tell))
            except JanusError:
                _log.warning("grants-not-heard", exc_info=True)
            else:
                self._listening = True

    def _tell(self, lease_id: str) -> None:
        if (told := self._told.get(lease_id)) is not None:
            told.set()
