"""One lease for all who compute with one engine at the same time, as it computes for all of them in one batch.

Everybody asks in their own class; whoever is granted first opens it for all the others, who stop waiting and join. When
others wait for processors nobody joins any more, so that it ends with those who are in it: under constant load everyone
gets a turn.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from janus_lab.errors import StoreUnreachable
from janus_lab.scheduler.admission import Admission
from janus_lab.scheduler.asker import Asker
from janus_lab.scheduler.demand import Demand
from janus_lab.scheduler.fairness import TURN_SECONDS
from janus_lab.scheduler.held import HeldLease
from janus_lab.scheduler.work import Work
from janus_lab.values.lease import CPU, Grant


@dataclass(slots=True)
class _Turn:
    """A lease, and who computes under it; once it is closed nobody joins any more."""

    held: HeldLease
    users: int = 1
    closed: bool = False


class Together:
    """`demand` tells what the engine computes with now, however many it computes for."""

    def __init__(self, admission: Admission, demand: Callable[[], Demand]) -> None:
        self._admission = admission
        self._demand = demand
        self._lock = threading.Lock()
        self._turn: _Turn | None = None

    @contextmanager
    def joined(self, work: Work) -> Iterator[None]:
        """Compute inside. What `work` holds itself is given back meanwhile. Raises what `Admission.ask` does."""
        with work.aside():
            began = self._admission.now()
            turn = self._joined() or self._asked(work.asker)
            try:
                with work.under(turn.held, self._admission.now() - began):
                    yield
            finally:
                self._leave(turn)

    def _asked(self, asker: Asker) -> _Turn:
        while True:
            try:
                asked = self._admission.ask(self._demand(), _Waits(asker, self))
            except _Open:
                if (turn := self._joined()) is not None:
                    return turn
                continue
            if (turn := self._opened(asked)) is not None:
                return turn
            # Somebody was granted theirs at the same time.
            self._admission.give_back(asked)
            if (turn := self._joined()) is not None:
                return turn

    def is_open(self) -> bool:
        """Whether somebody computes, and others may join."""
        with self._lock:
            return self._turn is not None and not self._turn.closed

    def _opened(self, asked: HeldLease) -> _Turn | None:
        """A turn under this lease; None while there is one to join. Those in a closed one go on beside it."""
        with self._lock:
            if self._turn is not None and not self._turn.closed:
                return None
            self._turn = _Turn(asked)
            return self._turn

    def _joined(self) -> _Turn | None:
        turn = self._turn
        if turn is None:
            return None
        closing = self._makes_way(turn.held)
        with self._lock:
            turn.closed = turn.closed or closing
            if turn.closed or self._turn is not turn:
                return None
            turn.users += 1
            return turn

    def _makes_way(self, held: HeldLease) -> bool:
        """Whether others are to have their turn: those who are more urgent at once, anybody after a while."""
        if held.yield_wanted or held.lost:
            return True
        if self._admission.now() - held.granted_at < TURN_SECONDS:
            return False
        with suppress(StoreUnreachable):
            return any(waiting.request.weights.get(CPU) for waiting in self._admission.book().waiting)
        return False

    def _leave(self, turn: _Turn) -> None:
        with self._lock:
            turn.users -= 1
            if turn.users:
                return
            if self._turn is turn:
                self._turn = None
        self._admission.give_back(turn.held)


class _Open(Exception):
    """There is something to join."""


class _Waits:
    """Who waits for a lease of their own until there is one to join."""

    def __init__(self, asker: Asker, together: Together) -> None:
        self.run_id, self.cell, self.priority = asker.run_id, asker.cell, asker.priority
        self._asker = asker
        self._together = together

    def waiting(self, grant: Grant, seconds: float) -> None:
        """Raises _Open, and what the asker raises."""
        if self._together.is_open():
            raise _Open
        self._asker.waiting(grant, seconds)

    def told(self, code: str, text: str) -> None:
        """As the asker is told."""
        self._asker.told(code, text)
