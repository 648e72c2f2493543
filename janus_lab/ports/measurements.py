"""What loads and benchmarks showed, kept for the next time."""

from __future__ import annotations

from typing import Protocol

from janus_lab.values.model import Measurement


class Measurements(Protocol):
    """One measurement for each model's content, machine and plan (whatever its note): the latest."""

    def remember(self, measured: Measurement) -> None:
        """Keep it. Seconds or a speed of 0 leave an earlier one as it is; loads are added up (0 for a benchmark alone)."""
        ...

    def recall(self, content_hash: str, machine: str) -> list[Measurement]:
        """Measurements of a model on a machine, latest first."""
        ...

    def all(self, machine: str) -> list[Measurement]:
        """Every measurement on a machine, latest first."""
        ...
