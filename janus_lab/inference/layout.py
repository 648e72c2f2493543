"""Ways to load a model: from what is wished for down to what is just bearable."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from janus_lab.resources.placement import Placed
from janus_lab.scheduler.demand import Demand
from janus_lab.values.generation import ModelInfo
from janus_lab.values.load_order import StillWanted
from janus_lab.values.model import Footprint, LoadPlan, ModelRecord


class Described(Protocol):
    """What every loaded model tells."""

    @property
    def info(self) -> ModelInfo:
        """What it is."""
        ...


Model = TypeVar("Model", bound=Described)
Opener = Callable[[StillWanted], AbstractContextManager[Model]]


def unnoticed(_model: object, _seconds: float) -> None:
    """What comes after a load of which nothing is remembered."""


@dataclass(frozen=True, slots=True)
class Layout(Generic[Model]):
    """One way to load a model: how it is opened, and what it takes while it is there (nothing: it has no lease).

    `placed` says how it is laid out, where that is ours to say. `computing` is what one who computes with it needs then, where that is
    not what its `Loadable` says. `loaded` is told the model and the seconds that loading took.
    """

    open: Opener[Model]
    demand: Demand
    placed: Placed | None = None
    computing: Demand | None = None
    loaded: Callable[[Model, float], None] = unnoticed

    @property
    def note(self) -> str:
        """What was conceded, in words; "" if it is as wished."""
        return "; ".join(self.placed.steps) if self.placed is not None else ""

    @property
    def way(self) -> Placed:
        """How it is laid out and what its lease covers; of what a server lays out only the latter is known."""
        if self.placed is not None:
            return self.placed
        return Placed(LoadPlan(), Footprint(self.demand.weights, {}, {}), self.demand.weights, ())


@dataclass(frozen=True, slots=True)
class Loadable(Generic[Model]):
    """A model that may be loaded. `layouts` finds its ways to be loaded at this moment, the best first, at least one.

    `computing` is what one who computes with it needs where no run says so; `idle_seconds` how long it stays unused.
    """

    record: ModelRecord
    layouts: Callable[[], Sequence[Layout[Model]]]
    computing: Demand
    idle_seconds: float = float("inf")
