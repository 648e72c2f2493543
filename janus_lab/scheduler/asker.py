"""Whoever a lease is asked for: asked again and again whether it still wants to wait, and told what was conceded."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from janus_lab.values.lease import Grant
from janus_lab.values.run import Priority


class Asker(Protocol):
    """For whom a lease is asked."""

    @property
    def run_id(self) -> str:
        """The run, or ""."""
        ...

    @property
    def priority(self) -> Priority:
        """In what class it waits."""
        ...

    @property
    def cell(self) -> str:
        """Where the run was asked from, or ""."""
        ...

    def waiting(self, grant: Grant, seconds: float) -> None:
        """Called again and again while it waits, with the latest answer; what it raises ends the wait."""
        ...

    def told(self, code: str, text: str) -> None:
        """Told of a concession that was made for it: such as another model, or a smaller one. `code` is kebab-case."""
        ...


@runtime_checkable
class Repeated(Protocol):
    """An asker whose work may have been begun before."""

    @property
    def lost(self) -> int:
        """How often it was, and ended with the process that was at it."""
        ...
