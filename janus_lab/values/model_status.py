"""What there is to tell of a model: its files, whether it fits, where it is loaded, what was measured."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from janus_lab.values.lease import RAM
from janus_lab.values.model import Circuit, Footprint, LoadPlan, Measurement, ModelFiles, ModelRecord, ModelShape


@dataclass(frozen=True, slots=True)
class Resident:
    """A model in a process's memory: what its lease covers, since when, for how long it is unused (None: in use or not told)."""

    machine: str
    pid: int
    covered: Mapping[str, int]
    since: float


@dataclass(frozen=True, slots=True)
class Fit:
    """Whether and how a model fits a machine now: the plan, what it would take, and what each resource has free in bytes.

    `now` says that it fits what is free at this moment, `ever` that it fits the budgets when nothing else is loaded; `steps` are
    the concessions in words, such as fewer layers on the accelerator. `evicts` names models that would be unloaded for it, in that order;
    `kept` those that hold what is lacking and stay, each with the reason.
    """

    plan: LoadPlan
    footprint: Footprint
    free: Mapping[str, int]
    budgets: Mapping[str, int]
    now: bool
    ever: bool
    steps: tuple[str, ...] = ()
    evicts: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()

    @property
    def place(self) -> str:
        """Where it would be: `cpu`, `vram:0`, several joined by `+`."""
        return "+".join(sorted(name for name in self.footprint.weights if name != RAM)) or "cpu"


@dataclass(frozen=True, slots=True)
class ModelStatus:
    """One model as `janus models` shows it. `place` in its task's chain is 1 for the model in use, 0 for one that is not in it."""

    record: ModelRecord
    files: ModelFiles | None = None
    missing: str = ""
    """Why there are no files: the remedy in one line, such as how to fetch them."""
    shape: ModelShape | None = None
    fit: Fit | None = None
    residents: tuple[Resident, ...] = ()
    measured: Measurement | None = None
    circuit: Circuit | None = None
    place: int = 0
    collections: tuple[str, ...] = ()
    """Collections that are searched by it: an embedding model's."""

    @property
    def footprint(self) -> Footprint | None:
        """The memory that it takes, laid out as it would be now: as measured, else as told of it before; None for a server's model."""
        shown = self.measured if self.measured is not None and self.measured.footprint.total() else None
        if self.fit is None:
            return shown.footprint if shown is not None else None
        return shown.footprint if shown is not None and shown.plan.same(self.fit.plan) else self.fit.footprint


@dataclass(frozen=True, slots=True)
class Unloaded:
    """How many processes held a model when it was to be unloaded, and how many use it still: they unload it after their request."""

    name: str
    asked: int
    left: int


@dataclass(frozen=True, slots=True)
class MemoryShare:
    """What one loaded model takes of one memory, in bytes."""

    model: str
    weights: int = 0
    cache: int = 0
    compute: int = 0


@dataclass(frozen=True, slots=True)
class DeviceMemory:
    """One memory of a machine in bytes: what models take, what other leases cover, what others use, and what is left."""

    resource: str
    name: str
    total: int
    shares: tuple[MemoryShare, ...] = ()
    leased: int = 0
    others: int = 0
    free: int = 0


@dataclass(frozen=True, slots=True)
class ModelView:
    """Every model, those in use first, and the memories of the machine that is asked."""

    models: tuple[ModelStatus, ...]
    memory: tuple[DeviceMemory, ...] = ()
