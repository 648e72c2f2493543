"""Leaving a model alone that fails again and again, and trying it once in a while."""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace

from janus_lab.errors import CircuitOpen, DiskFull, MissingPackage, ModelFailed, StoreUnreachable
from janus_lab.ports.model_registry import ModelRegistry
from janus_lab.values.counted import count
from janus_lab.values.model import Circuit, CircuitState

FAILURES = (ModelFailed, MissingPackage)
"""What says that a model is not well. A prompt that is too long, or a machine that is full, says nothing of it."""
DIED = "its process ended while it was being loaded"
"""What stands in a circuit while a model is loaded, and after whoever loads it; that is how it stays when the process ends."""
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

    @contextmanager
    def guarding(self, name: str) -> Iterator[None]:
        """Use a model inside. Raises CircuitOpen if it is being left alone."""
        self._require(name)
        try:
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
        mark = Circuit(name, CircuitState.HALF_OPEN, deaths, f"{DIED} ({_this_process()})", now, now)
        self._report(mark if deaths < DEATHS else replace(mark, again_at=now + _pause(mark)))
        before = known if known is not None and not _died(known) else None
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

    def _require(self, name: str) -> None:
        with self._lock:
            circuit = self._known().get(name)
        now = self._clock()
        accident = circuit is not None and _died(circuit) and circuit.failures < DEATHS
        if circuit is None or circuit.state is CircuitState.CLOSED or accident:
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

    def _lives(self, mark: Circuit, now: float) -> bool:
        """Whether the process that made a mark may be loading yet; of another machine's process that is believed for a while."""
        if mark.reason == f"{DIED} ({_this_process()})":
            return mark.name in self._loading
        pid, _, host = mark.reason.removeprefix(f"{DIED} (process ").removesuffix(")").partition(" of ")
        if host != socket.gethostname():
            return now - mark.changed_at < LONGEST_PAUSE_SECONDS
        return _runs(int(pid))

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


def _this_process() -> str:
    return f"process {os.getpid()} of {socket.gethostname()}"


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _died(circuit: Circuit) -> bool:
    return circuit.reason.startswith(DIED)


def _pause(circuit: Circuit) -> float:
    if _died(circuit):
        # A worker is long in coming back, and each death costs every run that it was at work on.
        return LONGEST_PAUSE_SECONDS
    return float(min(FIRST_PAUSE_SECONDS * 2 ** max(0, circuit.failures - THRESHOLD), LONGEST_PAUSE_SECONDS))
