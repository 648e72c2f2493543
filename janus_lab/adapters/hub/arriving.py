"""A response's body as it arrives, read in a thread of its own, so that whoever waits for it can leave at any time."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from queue import Empty, Full, Queue

import httpx
from huggingface_hub import hf_raise_for_status

_LOOK_SECONDS = 0.1
_AHEAD = 32
_REFUSED = 400

Answer = AbstractContextManager[httpx.Response]


def arriving(ask: Callable[[], Answer], check: Callable[[], None]) -> Iterator[httpx.Response | bytes]:
    """The response without its body, then the body piece by piece; `check` is called meanwhile, and may raise to leave.

    Raises what the request raises, and what the hub's client makes of a refusal.
    """
    reader = _Reader(ask)
    threading.Thread(target=reader.run, name="hub", daemon=True).start()
    try:
        while (item := reader.next(check)) is not None:
            yield item
    finally:
        reader.leave()


class _Reader:
    """Reads in one thread what another one takes; if that one leaves, this one ends with the next piece or timeout."""

    def __init__(self, ask: Callable[[], Answer]) -> None:
        self._ask = ask
        self._left = threading.Event()
        self._read: Queue[httpx.Response | bytes | BaseException | None] = Queue(_AHEAD)

    def run(self) -> None:
        """Read everything."""
        try:
            with self._ask() as response:
                if response.status_code >= _REFUSED:
                    response.read()
                    hf_raise_for_status(response)
                self._put(response)
                for piece in response.iter_bytes():
                    if not self._put(piece):
                        return
            self._put(None)
        except BaseException as error:  # noqa: BLE001 - whoever waits raises it
            self._put(error)

    def next(self, check: Callable[[], None]) -> httpx.Response | bytes | None:
        """What was read next; None at the end."""
        while True:
            check()
            try:
                item = self._read.get(timeout=_LOOK_SECONDS)
            except Empty:
                continue
            if isinstance(item, BaseException):
                raise item
            return item

    def leave(self) -> None:
        """Take no more."""
        self._left.set()

    def _put(self, item: httpx.Response | bytes | BaseException | None) -> bool:
        while not self._left.is_set():
            try:
                self._read.put(item, timeout=_LOOK_SECONDS)
            except Full:
                continue
            return True
        return False
