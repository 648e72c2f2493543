"""Runs for an event loop: started and followed in threads, stopped when nobody waits for them any more."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import structlog

from janus_lab.errors import RunCancelled
from janus_lab.runs.handle import RunHandle
from janus_lab.serve.cancelling import Cancelling
from janus_lab.serve.refusals import Refused
from janus_lab.values.event import Event

REQUESTS_AT_ONCE = 64
"""So many runs are followed at a time; who comes beyond is told to come again."""

_log = structlog.get_logger(__name__)


class Followers:
    """The threads that follow runs. Used in the event loop's thread."""

    def __init__(self, at_once: int = REQUESTS_AT_ONCE) -> None:
        self._pool = ThreadPoolExecutor(at_once, thread_name_prefix="serve")
        self._cancelling = Cancelling()
        self._places = threading.BoundedSemaphore(at_once)
        self._followed: set[Following] = set()
        self._ending = False

    def follow(self, start: Callable[[], RunHandle]) -> Following:
        """Start a run and follow it. Raises Refused if too many are followed, or none any more."""
        if self._ending:
            raise _ended()
        if not self._places.acquire(blocking=False):
            raise Refused(503, "busy", "too many requests are being answered; come again in a few seconds")
        following = Following(start, self._cancelling, self._followed.discard)
        self._followed.add(following)
        self._pool.submit(following.go).add_done_callback(lambda _: self._places.release())
        return following

    def cut(self) -> None:
        """Follow nothing any more: whoever waits is told so, and their runs are cancelled."""
        self._ending = True
        for following in tuple(self._followed):
            following.cut()

    def close(self) -> None:
        """Wait for the threads; every run must have ended or been stopped."""
        self._pool.shutdown()
        self._cancelling.close()


class Following:
    """One run on its way: `next` gives its events, and in the end its result. Made in the event loop's thread."""

    def __init__(
        self, start: Callable[[], RunHandle], cancelling: Cancelling, forget: Callable[[Following], None]
    ) -> None:
        self._start = start
        self._cancelling = cancelling
        self._forget = forget
        self._loop = asyncio.get_running_loop()
        self._told: asyncio.Queue[Event | dict[str, Any] | BaseException] = asyncio.Queue()
        self._lock = threading.Lock()
        self._handle: RunHandle | None = None
        self._stopped = False
        self._over = False

    async def next(self) -> Event | dict[str, Any]:
        """The next event, or the run's result, which is the last. Raises JanusError as the run failed, Refused if it was cut."""
        told = await self._told.get()
        if isinstance(told, BaseException):
            raise told
        return told

    async def result(self) -> dict[str, Any]:
        """The run's result, when it has ended."""
        while isinstance(told := await self.next(), Event):
            pass
        return told

    def stop(self) -> None:
        """Nobody waits any more: cancel the run, unless it is over. Does not wait."""
        self._forget(self)
        with self._lock:
            before, self._stopped = self._stopped, True
            handle = None if self._over or before else self._handle
        if handle is not None:
            self._cancelling.cancel(handle)

    def cut(self) -> None:
        """Stop, and tell whoever waits."""
        self.stop()
        self._told.put_nowait(_ended())

    def go(self) -> None:
        """Follow the run to its end; for a thread."""
        try:
            handle = self._start()
            self._cancelling.settle()
            with self._lock:
                self._handle = handle
                stopped = self._stopped
            if stopped:
                self._cancelling.cancel(handle)
                return
            for event in handle.events(wanted=lambda: not self._stopped):
                self._tell(event)
            with self._lock:
                self._over = not self._stopped
            if self._over:
                self._tell(_result(handle))
        except BaseException as error:  # noqa: BLE001 - whoever waits raises it
            self._tell(error)

    def _tell(self, told: Event | dict[str, Any] | BaseException) -> None:
        try:
            self._loop.call_soon_threadsafe(self._told.put_nowait, told)
        except RuntimeError:
            _log.debug("nobody-waits")  # the loop is closed


def _ended() -> Refused:
    return Refused(503, "server_ending", "`janus serve` is ending, and the reply with it; ask again when it runs")


def _result(handle: RunHandle) -> dict[str, Any]:
    run = handle.run()
    if run.error is not None:
        raise run.error.as_error()
    if run.state == "cancelled":
        raise RunCancelled("the run was cancelled", remedy="ask again")
    return handle.result()
