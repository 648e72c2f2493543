"""Runs for an event loop: started and followed in threads, stopped when nobody waits for them any more."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import structlog

from janus_lab.errors import JanusError, RunCancelled
from janus_lab.runs.handle import RunHandle
from janus_lab.serve.refusals import Refused
from janus_lab.values.event import Event, EventKind

REQUESTS_AT_ONCE = 64
"""So many runs are followed at a time; who comes beyond is told to come again."""

_log = structlog.get_logger(__name__)


class Followers:
    """The threads that follow runs."""

    def __init__(self, at_once: int = REQUESTS_AT_ONCE) -> None:
        self._pool = ThreadPoolExecutor(at_once, thread_name_prefix="serve")
        self._stopping = ThreadPoolExecutor(2, thread_name_prefix="serve-stop")
        self._places = threading.BoundedSemaphore(at_once)

    def follow(self, start: Callable[[], RunHandle]) -> Following:
        """Start a run and follow it. Raises Refused if too many are followed."""
        if not self._places.acquire(blocking=False):
            raise Refused(503, "busy", "too many requests are being answered; come again in a few seconds")
        following = Following(start, self._stopping)
        self._pool.submit(following.go).add_done_callback(lambda _: self._places.release())
        return following

    def close(self) -> None:
        """Wait for the threads; every run must have ended or been stopped."""
        self._pool.shutdown()
        self._stopping.shutdown()


class Following:
    """One run on its way: `next` gives its events, and in the end its result. Made in the event loop's thread."""

    def __init__(self, start: Callable[[], RunHandle], stopping: ThreadPoolExecutor) -> None:
        self._start = start
        self._stopping = stopping
        self._loop = asyncio.get_running_loop()
        self._told: asyncio.Queue[Event | dict[str, Any] | BaseException] = asyncio.Queue()
        self._lock = threading.Lock()
        self._handle: RunHandle | None = None
        self._stopped = False
        self._over = False

    async def next(self) -> Event | dict[str, Any]:
        """The next event, or the run's result, which is the last. Raises JanusError as the run failed."""
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
        with self._lock:
            self._stopped = True
            handle = None if self._over else self._handle
        if handle is not None:
            self._stopping.submit(_cancel, handle)

    def go(self) -> None:
        """Follow the run to its end; for a thread."""
        try:
            handle = self._start()
            with self._lock:
                self._handle = handle
                stopped = self._stopped
            if stopped:
                handle.cancel()
                return
            for event in handle.events():
                if self._stopped:
                    return
                self._tell(event)
            self._tell(_result(handle))
        except BaseException as error:  # noqa: BLE001 - whoever waits raises it
            self._tell(error)
        finally:
            with self._lock:
                self._over = True

    def _tell(self, told: Event | dict[str, Any] | BaseException) -> None:
        try:
            self._loop.call_soon_threadsafe(self._told.put_nowait, told)
        except RuntimeError:
            _log.debug("nobody-waits")  # the loop is closed


def _result(handle: RunHandle) -> dict[str, Any]:
    run = handle.run()
    if run.error is not None:
        raise run.error.as_error()
    if run.state == "cancelled":
        raise RunCancelled("the run was cancelled", remedy="ask again")
    return handle.result()


def _cancel(handle: RunHandle) -> None:
    try:
        handle.cancel()
    except JanusError:
        _log.warning("not-cancelled", run=handle.id, exc_info=True)


def warning(event: Event) -> str:
    """What a WARNING event says; "" for others."""
    return str(event.data.get("message", "")) if event.kind is EventKind.WARNING else ""
