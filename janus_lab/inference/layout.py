"""Ways to load a model: from what is wished for down to what is just bearable."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from janus_lab.scheduler.demand import Demand
from janus_lab.values.generation import ModelInfo
from janus_lab.values.model import LoadPlan, ModelRecord


class Described(Protocol):
    """What every loaded model tells."""

    @property
    def info(self) -> ModelInfo:
        """What it is."""
        ...


Model = TypeVar("Model", bound=Described)
Opener = Callable[[], AbstractContextManager[Model]]


def unnoticed(_model: object, _seconds: float) -> None:
    """What comes after a load of which nothing is remembered."""


@dataclass(frozen=True, slots=True)
class Layout(Generic[Model]):
    """One way to load a model: how it is opened, and what it takes while it is there (nothing: it has no lease).

    `note` says in words what was conceded, "" if it is as wished; `plan` is how it is laid out, where that is ours to say. `loaded` is told the model and the seconds that loading took.
    """

    open: Opener[Model]
    demand: Demand
    note: str = ""
    plan: LoadPlan | None = None
    loaded: Callable[[Model, float], None] = unnoticed


@dataclass(frozen=True, slots=True)
class Loadable(Generic[Model]):
    """A model that may be loaded. `layouts` finds its ways to be loaded at this moment, the best first, at least one.

    `computing` is what one who computes with it needs where no run says so; `idle_seconds` how long it stays unused.
    """

    record: ModelRecord
    layouts: Callable[[], Sequence[Layout[Model]]]
    computing: Demand
    idle_seconds: float = float("inf")
