"""Names held among the threads of one process: enough where one process owns a data directory's stores."""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterator
from contextlib import contextmanager

from janus_lab.ports.exclusion import Exclusion


@contextmanager
def open_exclusion(_url: str) -> Iterator[Exclusion]:
    """Names among the threads that share what this yields."""
    yield ThreadExclusion()


class ThreadExclusion:
    """A set of held names; who finds one of theirs in it waits until some are let go."""

    def __init__(self) -> None:
        self._held: set[str] = set()
        self._freed = threading.Condition()

    @contextmanager
    def hold(self, names: Collection[str]) -> Iterator[None]:
        """Hold all of these names inside; they are taken all at once, so two holders never wait for each other."""
        wanted = set(names)
        with self._freed:
            self._freed.wait_for(lambda: wanted.isdisjoint(self._held))
            self._held |= wanted
        try:
            yield
        finally:
            with self._freed:
                self._held -= wanted
                self._freed.notify_all()
