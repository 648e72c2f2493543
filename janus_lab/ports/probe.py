"""A look at what this machine has and uses at this moment."""

from __future__ import annotations

from collections.abc import Collection
from typing import Protocol

from janus_lab.values.machine import Sample


class Probe(Protocol):
    """Measures. What can't be measured is named in the sample's `failures`, never left out and never taken for free."""

    def sample(self, ours: Collection[int]) -> Sample:
        """The machine now; `ours` are the ids of Janus's own processes, which are always among the sample's."""
        ...
