"""Models and measurements in the memory of one process."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

from janus_lab.ports.measurements import Measurements
from janus_lab.ports.model_registry import ModelRegistry
from janus_lab.values.model import Circuit, CircuitState, LoadPlan, Measurement, ModelRecord, ModelTask


@contextmanager
def open_model_registry(
    url: str = "memory://",  # noqa: ARG001 - one signature for every scheme
) -> Iterator[ModelRegistry]:
    """A registry that nobody outside this process sees."""
    yield MemoryModelRegistry()


@contextmanager
def open_measurements(
    url: str = "memory://",  # noqa: ARG001 - one signature for every scheme
) -> Iterator[Measurements]:
    """Measurements that nobody outside this process sees."""
    yield MemoryMeasurements()


class MemoryModelRegistry:
    """Models, chains and circuits; safe from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._records: dict[str, ModelRecord] = {}
        self._chains: dict[ModelTask, tuple[str, ...]] = {}
        self._circuits: dict[str, Circuit] = {}

    def records(self) -> list[ModelRecord]:
        """Every model, by name."""
        with self._lock:
            return [self._records[name] for name in sorted(self._records)]

    def find(self, name: str) -> ModelRecord | None:
        """The model of that name."""
        with self._lock:
            return self._records.get(name)

    def put(self, record: ModelRecord) -> None:
        """Make a model known, in place of one of the same name."""
        with self._lock:
            self._records[record.name] = record

    def remove(self, name: str) -> bool:
        """Forget a model and take it out of every chain; False if there was none."""
        with self._lock:
            for task, names in self._chains.items():
                self._chains[task] = tuple(other for other in names if other != name)
            self._circuits.pop(name, None)
            return self._records.pop(name, None) is not None

    def chain(self, task: ModelTask) -> tuple[str, ...]:
        """Names that serve the task, first the one in use; empty where nobody has chosen."""
        with self._lock:
            return self._chains.get(task, ())

    def choose(self, task: ModelTask, names: Sequence[str]) -> None:
        """Let these serve the task from now on, at once and whole; none: as the settings say."""
        with self._lock:
            self._chains[task] = tuple(names)

    def circuits(self) -> dict[str, Circuit]:
        """What is known of servers' health, by model; only those that are not closed."""
        with self._lock:
            return {name: self._circuits[name] for name in sorted(self._circuits)}

    def report(self, circuit: Circuit) -> None:
        """Tell the others of a circuit's change. One that is closed is forgotten: it is as if nothing had ever failed."""
        with self._lock:
            self._circuits.pop(circuit.name, None)
            if circuit.state is not CircuitState.CLOSED:
                self._circuits[circuit.name] = circuit


class MemoryMeasurements:
    """The latest by content, machine and plan; safe from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: dict[tuple[str, str, LoadPlan], Measurement] = {}

    def remember(self, measured: Measurement) -> None:
        """Keep it. Seconds or a speed of 0 leave an earlier one as it is; loads are added up."""
        key = (measured.content_hash, measured.machine, replace(measured.plan, note=""))
        with self._lock:
            before = self._known.get(key)
            self._known[key] = measured if before is None else _merged(before, measured)

    def recall(self, content_hash: str, machine: str) -> list[Measurement]:
        """Measurements of a model on a machine, latest first."""
        return [measured for measured in self.all(machine) if measured.content_hash == content_hash]

    def all(self, machine: str) -> list[Measurement]:
        """Every measurement on a machine, latest first."""
        with self._lock:
            found = [measured for measured in self._known.values() if measured.machine == machine]
        return sorted(found, key=lambda measured: -measured.at)


def _merged(before: Measurement, after: Measurement) -> Measurement:
    return replace(
        after,
        load_seconds=after.load_seconds or before.load_seconds,
        prompt_speed=after.prompt_speed or before.prompt_speed,
        generation_speed=after.generation_speed or before.generation_speed,
        loads=before.loads + after.loads,
    )
