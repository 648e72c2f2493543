"""Whether a cell runs now, as IPython tells it."""

from __future__ import annotations

from typing import Any


class CellWatch:
    """Listens to a shell until `end`; without a shell no cell ever runs. It is taken to be made in a cell."""

    def __init__(self, shell: Any | None) -> None:
        self._events = shell.events if shell is not None else None
        self._working = shell is not None
        if self._events is not None:
            self._events.register("pre_run_cell", self._begun)
            self._events.register("post_run_cell", self._over)

    def end(self) -> None:
        """Listen no more."""
        events, self._events = self._events, None
        if events is not None:
            events.unregister("pre_run_cell", self._begun)
            events.unregister("post_run_cell", self._over)

    def working(self) -> bool:
        """Whether a cell runs."""
        return self._working

    def _begun(self, *_: object) -> None:
        self._working = True

    def _over(self, *_: object) -> None:
        self._working = False
