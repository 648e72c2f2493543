"""One way to speak to an OpenAI-compatible server: what is sent, what is waited for, what is asked again."""

from __future__ import annotations

import asyncio
import math
import queue
import random
import re
import time
from collections.abc import Callable, Coroutine, Generator, Iterable, Iterator, Mapping
from concurrent.futures import CancelledError, wait
from contextlib import contextmanager
from contextvars import ContextVar
from types import TracebackType
from typing import Any, Self, TypeVar, cast

from openai import AsyncOpenAI, AsyncStream, DefaultAsyncHttpxClient, Timeout

from janus_lab.adapters.backend.event_loop import EventLoop
from janus_lab.adapters.backend.openai_address import Address, address
from janus_lab.adapters.backend.openai_bounds import bound
from janus_lab.adapters.backend.openai_refusals import REFUSALS, asked_pause, translated, worth_seconds
from janus_lab.errors import ModelFailed, SettingsError
from janus_lab.values.load_order import LoadOrder, StillWanted, always

Answer = TypeVar("Answer")
Cancelled = Callable[[], bool]

_CONNECT_SECONDS = 5.0
_ASK_EVERY_SECONDS = 0.05
_FIRST_PAUSE_SECONDS, _LONGEST_PAUSE_SECONDS = 0.25, 4.0
_AT_ONCE = 4
"""Requests of one call that are under way at the same time, for servers that compute several together."""
_SENT = frozenset({"host", "accept", "content-type", "content-length", "connection", "user-agent"})
"""Headers that a server gets of us; the driver would add some about this machine and from the environment."""
_KEY = re.compile(r"[!-~]+")
_END = object()
_AHEAD = 256
"""So many events wait for whoever reads them; then the server does."""


_still_wanted: ContextVar[StillWanted] = ContextVar("janus-model-server", default=always)


@contextmanager
def wanted_as_long_as(still_wanted: StillWanted) -> Iterator[None]:
    """What this thread asks of any server inside is given up when `still_wanted` raises, which is then raised."""
    before = _still_wanted.set(still_wanted)
    try:
        yield
    finally:
        _still_wanted.reset(before)


class Stopped(Exception):
    """Whoever asked does not want the answer any more; the connection is closed, by which the server knows."""


class ModelServer:
    """Asks a server through its driver; safe from several threads. `patience` is the longest silence borne, in seconds."""

    def __init__(self, address: Address, key: str, patience: float) -> None:
        if key and not _KEY.fullmatch(key):
            raise SettingsError(
                f"the key for {address.shown} has characters that no key has",
                remedy="set the environment variable to the key alone, without spaces and line ends",
            )
        self.address = address
        self._key = key
        self._patience = patience
        self._client = AsyncOpenAI(
            api_key=key or "none",
            base_url=address.api,
            max_retries=0,
            timeout=Timeout(None, connect=_CONNECT_SECONDS),
            http_client=DefaultAsyncHttpxClient(
                follow_redirects=False,
                trust_env=not address.loopback,
                event_hooks={"request": [self._only_ours], "response": [bound]},
            ),
        )
        self._loop = EventLoop("model-server", self._client.close)

    @classmethod
    def of(cls, order: LoadOrder, patience: float) -> Self:
        """The server at the order's URI; `patience` where the order says nothing of it. Raises SettingsError."""
        return cls(address(order.record.uri), order.key, order.record.options.timeout_seconds or patience)

    def ask(self, path: str, body: Mapping[str, object] | None = None, *, seconds: float = 0.0) -> object:
        """The server's answer to one request, JSON decoded; `body` None asks by GET. Raises what `openai_refusals` says.

        `seconds` (0: the server's patience) is how long it may take each time, and for how long it is asked again at most.
        """
        return self._result(self._begin(self._answer(path, body, seconds)))

    def ask_each(self, path: str, bodies: Iterable[Mapping[str, object]]) -> list[object]:
        """The answers to several requests, some of them at once, in their order. Raises what any of them does."""
        return cast("list[object]", self._result(self._begin(self._answers(path, bodies))))

    def events(self, path: str, body: Mapping[str, object], cancelled: Cancelled) -> Generator[object, None, None]:
        """The events of a streamed answer, JSON decoded, as they arrive. Raises Stopped soon after `cancelled` is true.

        Before the first event a request is asked again as any other; a stream that breaks later raises what it broke of.
        """
        if cancelled():
            raise Stopped
        arrived: queue.SimpleQueue[object] = queue.SimpleQueue()
        working = self._begin(self._stream(path, body, arrived))
        working.add_done_callback(lambda _: arrived.put(_END))
        try:
            while not cancelled():
                try:
                    event = arrived.get(timeout=_ASK_EVERY_SECONDS)
                except queue.Empty:
                    continue
                if event is _END:
                    self._result(working)
                    return
                yield event
            raise Stopped
        finally:
            working.cancel()

    def close(self) -> None:
        """End what runs, close every connection, and end the thread."""
        self._loop.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    async def _answers(self, path: str, bodies: Iterable[Mapping[str, object]]) -> list[object]:
        free = asyncio.Semaphore(_AT_ONCE)

        async def answer(body: Mapping[str, object]) -> object:
            async with free:
                return await self._answer(path, body, 0.0)

        try:
            async with asyncio.TaskGroup() as group:
                asked = [group.create_task(answer(body)) for body in bodies]
        except ExceptionGroup as failed:
            first = failed.exceptions[0]
            raise first from first.__cause__
        return [task.result() for task in asked]

    async def _answer(self, path: str, body: Mapping[str, object] | None, seconds: float) -> object:
        async def answer() -> object:
            async with asyncio.timeout(seconds or self._patience):
                if body is None:
                    return await self._client.get(path, cast_to=object)
                return await self._client.post(path, body=dict(body), cast_to=object)

        return await self._patiently(answer, lambda: True, seconds or math.inf)

    async def _stream(self, path: str, body: Mapping[str, object], arrived: queue.SimpleQueue[object]) -> None:
        told = False

        async def follow() -> None:
            nonlocal told
            async with asyncio.timeout(self._patience) as silence:
                stream = await self._client.post(
                    path, body=dict(body), cast_to=object, stream=True, stream_cls=AsyncStream[object]
                )
                async with stream:
                    async for event in stream:
                        told = True
                        arrived.put(event)
                        silence.reschedule(None)
                        while arrived.qsize() > _AHEAD:  # noqa: ASYNC110 - another thread takes them
                            await asyncio.sleep(_ASK_EVERY_SECONDS)
                        silence.reschedule(asyncio.get_running_loop().time() + self._patience)

        await self._patiently(follow, lambda: not told)

    async def _patiently(
        self, work: Callable[[], Coroutine[Any, Any, Answer]], may_repeat: Callable[[], bool], most: float = math.inf
    ) -> Answer:
        """Do it, again and again while the server is only out of breath, with growing pauses that chance spreads.

        Nothing is begun again once `most` seconds are over.
        """
        began, pause = time.monotonic(), _FIRST_PAUSE_SECONDS
        failed = 0.0
        while True:
            asked = time.monotonic()
            try:
                return await work()
            except REFUSALS as error:
                wait = max(asked_pause(error), random.uniform(pause / 2, pause))  # noqa: S311 - no secret
                now = time.monotonic()
                failed = failed or now
                if not may_repeat() or now + wait > min(failed + worth_seconds(error, now - asked), began + most):
                    raise translated(error, self.address.shown, self._key) from error
            await asyncio.sleep(wait)
            pause = min(2 * pause, _LONGEST_PAUSE_SECONDS)

    async def _only_ours(self, request: Any) -> None:
        for name in set(request.headers.keys()) - _SENT:
            del request.headers[name]
        if self._key:
            request.headers["Authorization"] = f"Bearer {self._key}"

    def _begin(self, work: Coroutine[Any, Any, Answer]) -> Any:
        try:
            return self._loop.begin(work)
        except RuntimeError as error:
            raise _left(self.address) from error

    def _result(self, working: Any) -> Any:
        still_wanted = _still_wanted.get()
        try:
            while not wait([working], _ASK_EVERY_SECONDS).done:
                still_wanted()
            return working.result()
        except CancelledError as error:
            raise _left(self.address) from error
        finally:
            working.cancel()


def _left(address: Address) -> ModelFailed:
    return ModelFailed(
        f"the model served at {address.shown} has been unloaded", remedy="repeat; it is loaded again when asked"
    )
