"""Work done ahead: the next item is made in a thread while the current one is used."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from contextvars import copy_context
from typing import Generic, TypeVar

from janus_lab.scheduler.throttle import until_unwanted
from janus_lab.scheduler.work import follow

Item = TypeVar("Item")
_POLL_SECONDS = 0.1


class _End:
    """The last thing through the queue: what ended the making, if it was an error."""

    def __init__(self, error: BaseException | None = None) -> None:
        self.error = error


class Ahead(Generic[Item]):
    """Items of a generator, made by one background thread, at most `depth` of them ahead of their use.

    The thread belongs to the work in whose course it is begun, and pauses between items while that has no lease. Leaving the
    context stops it at its next item and waits for it.
    """

    def __init__(self, items: Generator[Item, None, None], *, depth: int = 1) -> None:
        self._items = items
        self._queue: queue.Queue[Item | _End] = queue.Queue(depth)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=copy_context().run, args=(self._make,), name="ingest-ahead", daemon=True)

    def __enter__(self) -> Ahead[Item]:
        self._thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._stop.set()
        self._thread.join()

    def each(self, waiting: Callable[[], None]) -> Iterator[Item]:
        """The items in order; `waiting` is called now and then while the next one is not ready, and may raise."""
        while True:
            try:
                item = self._queue.get(timeout=_POLL_SECONDS)
            except queue.Empty:
                waiting()
                continue
            if isinstance(item, _End):
                if item.error is not None:
                    raise item.error
                return
            yield item

    def _make(self) -> None:
        end = _End()
        try:
            with closing(self._items), until_unwanted(self._stop.is_set):
                follow()
                for item in self._items:
                    if not self._put(item):
                        return
                    follow()
        except BaseException as error:  # noqa: BLE001 - carried over to the thread that uses the items
            end = _End(error)
        self._put(end)

    def _put(self, item: Item | _End) -> bool:
        while not self._stop.is_set():
            try:
                self._queue.put(item, timeout=_POLL_SECONDS)
            except queue.Full:
                continue
            return True
        return False
