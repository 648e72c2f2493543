"""What is watched: as much of a lab as a terminal needs."""

from __future__ import annotations

from typing import Protocol

from janus_lab.values.board import Board
from janus_lab.values.run import Run
from janus_lab.values.stored_key import KeyContent, KeyPage


class WatchedKeys(Protocol):
    """A look at the server's keys; see `janus_lab.lab.keys.Keys`."""

    def find(self, pattern: str = "*") -> KeyPage:
        """Keys by a pattern."""
        ...

    def read(self, name: str) -> KeyContent:
        """One key. Raises NotFound."""
        ...


class Watched(Protocol):
    """A lab, as `janus top` sees it. Every method may be called from any thread, and raise JanusError."""

    @property
    def keys(self) -> WatchedKeys:
        """A look at the server's keys."""
        ...

    def board(self, machine: str | None = None) -> Board:
        """The board of a machine (None: this one)."""
        ...

    def runs(self, *, limit: int = 50, brief: bool = False) -> list[Run]:
        """Runs, newest first."""
        ...

    def cancel(self, run_id: str) -> Run:
        """Ask a run to stop."""
        ...

    def pause(self, run_id: str) -> Run:
        """Let a run rest after the step it is at."""
        ...

    def resume(self, run_id: str) -> object:
        """Let a paused run go on."""
        ...

    def retry(self, run_id: str) -> object:
        """Let a run that failed or was cancelled go on."""
        ...
