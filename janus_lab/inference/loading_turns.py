"""Who loads or unloads a model: one at a time, and of those who wait to load it the more urgent first."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

from janus_lab.scheduler.asker import Asker
from janus_lab.values.lease import PUT_BACK_SECONDS, Grant, GrantState

_LOOK_SECONDS = 0.1
_PAUSE_SECONDS = 0.01


class LoadingTurns:
    """The turns of one model. `now` tells the process's own seconds."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._turn = threading.Lock()
        self._state = threading.Lock()
        self._classes: list[float] = []

    @contextmanager
    def mine(self, asker: Asker) -> Iterator[None]:
        """The turn, after those who came before in the same class and all of better ones. Raises what `asker.waiting` does."""
        began, mine = self._now(), PUT_BACK_SECONDS[asker.priority]
        with self._state:
            self._classes.append(mine)
        try:
            while self.are_wanted_before(mine) or not self._turn.acquire(timeout=_LOOK_SECONDS):
                asker.waiting(Grant(GrantState.WAITING), self._now() - began)
                time.sleep(_PAUSE_SECONDS)
        finally:
            with self._state:
                self._classes.remove(mine)
        try:
            yield
        finally:
            self._turn.release()

    @contextmanager
    def at_once(self) -> Iterator[bool]:
        """Whether nobody has the turn; then it is the caller's inside."""
        mine = self._turn.acquire(blocking=False)
        try:
            yield mine
        finally:
            if mine:
                self._turn.release()

    def sooner_or_later(self) -> AbstractContextManager[object]:
        """The turn, however long it takes."""
        return self._turn

    def are_wanted_before(self, put_back: float) -> bool:
        """Whether somebody of a better class waits."""
        with self._state:
            return min(self._classes, default=put_back) < put_back
