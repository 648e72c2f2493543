"""Which models a lab knows, and which of them serve."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from janus_lab.values.model import Circuit, ModelRecord, ModelTask


class ModelRegistry(Protocol):
    """Models by name, and for each task the names that serve it, in the order in which they are tried."""

    def records(self) -> list[ModelRecord]:
        """Every model, by name."""
        ...

    def find(self, name: str) -> ModelRecord | None:
        """The model of that name."""
        ...

    def put(self, record: ModelRecord) -> None:
        """Make a model known, in place of one of the same name."""
        ...

    def remove(self, name: str) -> bool:
        """Forget a model and take it out of every chain; False if there was none."""
        ...

    def chain(self, task: ModelTask) -> tuple[str, ...]:
        """Names that serve the task, first the one in use; empty where nobody has chosen."""
        ...

    def choose(self, task: ModelTask, names: Sequence[str]) -> None:
        """Let these serve the task from now on, at once and whole; none: as the settings say."""
        ...

    def circuits(self) -> dict[str, Circuit]:
        """What is known of servers' health, by model; only those that are not closed."""
        ...

    def report(self, circuit: Circuit) -> None:
        """Tell the others of a circuit's change. One that is closed is forgotten: it is as if nothing had ever failed."""
        ...
