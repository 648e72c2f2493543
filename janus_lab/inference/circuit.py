"""Leaving a model alone that fails again and again, and trying it once in a while."""

from __future__ import annotations

import os
import re
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import replace

from janus_lab.errors import CircuitOpen, DiskFull, MissingPackage, ModelFailed, StoreUnreachable
from janus_lab.ports.model_registry import ModelRegistry
from janus_lab.values.counted import count
from janus_lab.values.model import Circuit, CircuitState

FAILURES = (ModelFailed, MissingPackage)
"""What says that a model is not well. A prompt that is too long, or a machine that is full, says nothing of it."""
DIED = "its process ended while it was being loaded"
"""What stands in a circuit while a model is loaded, and after whoever loads it; that is how it stays when the process ends."""
DIED_AT_WORK = "its process ended while it was at work"
"""The same while a model works at what a process was lost with before. Who comes for the first time leaves no mark, which costs time."""
_WHOSE = re.compile(r" \(process (\d+) of (.*)\)$")
DEATHS = 2
THRESHOLD = 3
FIRST_PAUSE_SECONDS = 10.0
LONGEST_PAUSE_SECONDS = 300.0
ASKED_AGAIN_SECONDS = 1.0
"""So long what others reported is believed without asking."""


class Breaker:
    """Circuits of models, which all workers share through the registry; while that is away, each knows its own.

    A model that failed `THRESHOLD` times in a row is not asked until a pause is over that doubles with each failure; then one
    request tries it. `clock` tells seconds since the epoch.
    """

    def __init__(self, registry: ModelRegistry, clock: Callable[[], float] = time.time) -> None:
        self._registry = registry
        self._clock = clock
        self._lock = threading.Lock()
        self._counts: dict[str, int] = {}
        self._circuits: dict[str, Circuit] = {}
        self._asked_at = float("-inf")
        self._loading: set[str] = set()
        self._at_work: Counter[str] = Counter()

    @contextmanager
    def guarding(self, name: str, lost: int = 0) -> Iterator[None]:
        """Use a model inside, for work with which a process was `lost` so often before. Raises CircuitOpen if it is being left alone."""
        self._require(name, lost)
        try:
            with self._working(name, lost) if lost else nullcontext():
                yield
        except FAILURES as error:
            self._failed(name, f"{error.code}: {error.message}")
            raise
        else:
            self.close(name)

    @contextmanager
    def loading(self, name: str) -> Iterator[None]:
        """Load a model inside. If that ends the process, as a native library may, those who come after know what it died of.

        Once is an accident; a model that did so twice is left alone for a while.
        """
        with self._lock:
            known = self._known().get(name)
        now, deaths = self._clock(), 1
        if known is not None and _died(known):
            deaths = max(1, known.failures) if self._lives(known, now) else known.failures + 1
        self._mark(name, DIED, deaths)
        before = known if known is not None and not known.reason.startswith(DIED) else None
        self._loading.add(name)
        try:
            yield
        finally:
            self._loading.discard(name)
            self._report(before or Circuit(name, CircuitState.CLOSED, changed_at=self._clock()))

    def close(self, name: str) -> None:
        """It works again, or somebody wants it to be tried at once."""
        with self._lock:
            self._counts.pop(name, None)
            known = self._known().get(name)
        if known is not None:
            self._report(replace(known, state=CircuitState.CLOSED, failures=0, reason="", changed_at=self._clock()))

    @contextmanager
    def _working(self, name: str, lost: int) -> Iterator[None]:
        with self._lock:
            before = self._known().get(name)
            self._at_work[name] += 1
        self._mark(name, DIED_AT_WORK, lost + 1)
        try:
            yield
        finally:
            with self._lock:
                self._at_work[name] -= 1
                known, others = self._circuits.get(name), self._at_work[name]
            if known is not None and known.reason == _reason(DIED_AT_WORK) and not others:
                open_before = before if before is not None and not _died(before) else None
                self._report(open_before or Circuit(name, CircuitState.CLOSED, changed_at=self._clock()))

    def _mark(self, name: str, what: str, deaths: int) -> None:
        now = self._clock()
        mark = Circuit(name, CircuitState.HALF_OPEN, deaths, _reason(what), now, now)
        self._report(mark if deaths < DEATHS else replace(mark, again_at=now + _pause(mark)))

    def _require(self, name: str, lost: int) -> None:
        with self._lock:
            circuit = self._known().get(name)
        now = self._clock()
        if circuit is None or circuit.state is CircuitState.CLOSED or self._is_accident(circuit, lost, now):
            return
        if now < circuit.again_at:
            raise CircuitOpen(
                f"{name} failed {count(circuit.failures, 'time')}, and is left alone for {circuit.again_at - now:.0f} s more;"
                f" the last time: {circuit.reason}",
                remedy=f"see that it is well, then `janus models load {name}` tries it at once",
            )
        # This request tries; if its worker dies, another one does after a pause.
        self._report(replace(circuit, state=CircuitState.HALF_OPEN, changed_at=now, again_at=now + _pause(circuit)))

    def _failed(self, name: str, reason: str) -> None:
        now = self._clock()
        with self._lock:
            known = self._known().get(name)
            count = max(self._counts.get(name, 0), known.failures if known is not None else 0) + 1
            self._counts[name] = count
        if count >= THRESHOLD:
            opened = Circuit(name, CircuitState.OPEN, count, reason, now)
            self._report(replace(opened, again_at=now + _pause(opened)))

    def _is_accident(self, circuit: Circuit, lost: int, now: float) -> bool:
        """Whether it ended its process once only, or may not have done so again: it is at work yet, or is being loaded right here."""
        if not _died(circuit) or circuit.failures < DEATHS:
            return _died(circuit)
        may_live = circuit.reason.startswith(DIED_AT_WORK) or circuit.reason == _reason(DIED)
        # Who was lost by it twice does not try whether it lives.
        return may_live and lost < DEATHS and self._lives(circuit, now)

    def _lives(self, mark: Circuit, now: float) -> bool:
        """Whether the process that made a mark may be at it yet; of another machine's process that is believed for a while."""
        if mark.reason == _reason(DIED):
            return mark.name in self._loading
        if mark.reason == _reason(DIED_AT_WORK):
            return self._at_work[mark.name] > 0
        whose = _WHOSE.search(mark.reason)
        if whose is None or whose[2] != socket.gethostname():
            return now - mark.changed_at < LONGEST_PAUSE_SECONDS
        return _runs(int(whose[1]))

    def _known(self) -> dict[str, Circuit]:
        now = self._clock()
        if not 0 <= now - self._asked_at < ASKED_AGAIN_SECONDS:
            with suppress(StoreUnreachable):
                self._circuits = self._registry.circuits()
            self._asked_at = now
        return self._circuits

    def _report(self, circuit: Circuit) -> None:
        with self._lock:
            if circuit.state is CircuitState.CLOSED:
                self._circuits = {name: one for name, one in self._circuits.items() if name != circuit.name}
            else:
                self._circuits = {**self._circuits, circuit.name: circuit}
        with suppress(StoreUnreachable, DiskFull):
            self._registry.report(circuit)


def _reason(what: str) -> str:
    return f"{what} (process {os.getpid()} of {socket.gethostname()})"


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _died(circuit: Circuit) -> bool:
    return circuit.reason.startswith((DIED, DIED_AT_WORK))


def _pause(circuit: Circuit) -> float:
    if _died(circuit):
        # A worker is long in coming back, and each death costs every run that it was at work on.
        return LONGEST_PAUSE_SECONDS
    return float(min(FIRST_PAUSE_SECONDS * 2 ** max(0, circuit.failures - THRESHOLD), LONGEST_PAUSE_SECONDS))
