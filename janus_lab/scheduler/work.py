"""The lease of one piece of work: taken before it computes, given back between its units when others wait.

Why nobody waits forever. Work holds at most one lease at a time, and waits for one only while it holds none (`boundary`,
`aside`): so who holds one comes to its next boundary. Only lasting leases, of loaded models, are held by who waits. They
cover memory and never processors; a model that is not in use is unloaded when somebody waits for memory, and one that is in
use is used by somebody who does not wait. A wait for memory that others use ends with an error, as `Asker.waiting` decides.
Whoever waits here holds no other lock that a holder of a lease may want: not the names of sources, nor a model.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from contextvars import ContextVar
from dataclasses import replace
from typing import Any

import structlog

from janus_lab.errors import LeaseLost
from janus_lab.scheduler.admission import Admission
from janus_lab.scheduler.asker import Asker, Repeated
from janus_lab.scheduler.demand import Demand
from janus_lab.scheduler.fairness import LOOK_SECONDS, gives_way
from janus_lab.scheduler.giving_up import give_up
from janus_lab.scheduler.held import HeldLease
from janus_lab.scheduler.tally import LeaseTally
from janus_lab.values.lease import Grant
from janus_lab.values.run import Priority

_POLL_SECONDS = 0.1

_log = structlog.get_logger(__name__)

_current: ContextVar[Work | None] = ContextVar("janus-work", default=None)


def current_work() -> Work | None:
    """The work in whose course the caller is, or None; threads that are to belong to it need a copy of its context."""
    return _current.get()


def lost_before() -> int:
    """How often processes ended that were at the current work before."""
    work = _current.get()
    return work.asker.lost if work is not None and isinstance(work.asker, Repeated) else 0


def follow() -> None:
    """`Work.follow` of the current work, if there is any."""
    if (work := _current.get()) is not None:
        work.follow()


@contextmanager
def resting() -> Iterator[None]:
    """`Work.aside` of the current work, if there is any: for who waits for other runs."""
    work = _current.get()
    with work.aside() if work is not None else nullcontext():
        yield


class Work:
    """One piece of work, such as an attempt at a run. One thread takes and gives back; others may `follow`."""

    def __init__(self, admission: Admission, demand: Demand, asker: Asker) -> None:
        self.asker = asker
        self.tally = LeaseTally()
        self._admission = admission
        self._demand = demand
        self._held: HeldLease | None = None
        self._shared: HeldLease | None = None
        self._looked_at = 0.0
        self._set_aside = 0
        self._goes_on = threading.Event()
        self._over = False

    @property
    def covered(self) -> bool:
        """Whether a lease that is still alive covers it, its own or one that it shares."""
        held = self._held or self._shared
        return held is not None and not held.lost

    def take(self, asker: Asker | None = None) -> None:
        """Hold a lease from here on, waiting for it if need be, as `asker` where that is given. Raises what `Admission.ask` does."""
        if self._held is None:
            self._held = self._admission.ask(self._demand, asker or self.asker)
            self.tally.add(self._held)
            self._looked_at = self._held.granted_at
        self._goes_on.set()

    def rest(self) -> None:
        """Give the lease back, if there is one; what follows has to take it again."""
        self._goes_on.clear()
        held, self._held = self._held, None
        if held is not None:
            self.tally.end(held, self._admission.now())
            self._admission.give_back(held)

    def boundary(self) -> None:
        """Between two units: let those go first who are to, and ask anew for a lease that was lost or set aside."""
        held = self._held
        if held is None:
            if not self._set_aside:
                self.take()
            return
        now = self._admission.now()
        if now - self._looked_at >= LOOK_SECONDS:
            self._looked_at = now
            self._admission.look(held)
        if held.lost or gives_way(held, now):
            self.rest()
            self.take()

    @contextmanager
    def aside(self) -> Iterator[None]:
        """Hold no lease inside, where something is waited for; one that was held is taken again at the end.

        After an error it is taken again at the next boundary: whoever handles it may have nothing to compute any more.
        """
        before = self._held is not None
        self.rest()
        self._set_aside += 1
        try:
            yield
        finally:
            self._set_aside -= 1
        if before:
            self.take()

    @contextmanager
    def under(self, shared: HeldLease, waited_seconds: float) -> Iterator[None]:
        """While it holds none of its own: be covered inside by a lease that others compute under as well."""
        mine = replace(shared, granted_at=self._admission.now(), waited_seconds=waited_seconds)
        self._shared = shared
        self.tally.add(mine)
        try:
            yield
        finally:
            self._shared = None
            self.tally.end(mine, self._admission.now())

    def follow(self) -> None:
        """For other threads, before each of their units: wait while there is no lease. Raises LeaseLost once the work is over."""
        while not self._goes_on.wait(_POLL_SECONDS):
            if self._over:
                raise LeaseLost("the work that this belongs to is over", remedy="nothing is lost: it is tried again")

    @contextmanager
    def going(self) -> Iterator[None]:
        """Be the current work inside, with a lease; whatever work was current sets its own aside meanwhile."""
        outer = _current.get()
        with outer.aside() if outer is not None else nullcontext():
            token = _current.set(self)
            try:
                self.take()
                yield
            finally:
                _current.reset(token)
                self.end()

    def end(self) -> None:
        """Give back what is held; those that follow stop."""
        self._over = True
        self.rest()

    def facts(self) -> dict[str, Any]:
        """Its leases for the run's manifest."""
        return self.tally.facts(self._admission.now())


class Somebody:
    """Who computes without a run, such as a script: as a person would wait, and for a while only."""

    run_id = ""
    cell = ""
    priority = Priority.INTERACTIVE

    def waiting(self, grant: Grant, seconds: float) -> None:
        """Raises AdmissionClosed or LeaseTimeout."""
        give_up(grant, seconds)

    def told(self, code: str, text: str) -> None:
        """Writes it into the log: nobody follows."""
        _log.warning(code, told=text)


@contextmanager
def computing(admission: Admission, demand: Demand) -> Iterator[Work]:
    """The current work, which holds a lease inside; where there is none, work of its own that needs `demand`."""
    work = _current.get()
    if work is not None:
        work.take()
        yield work
        return
    work = Work(admission, demand, Somebody())
    try:
        work.take()
        yield work
    finally:
        work.end()
