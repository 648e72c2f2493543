"""How requests are taken in, and how that ends: in order, whatever is being answered."""

from __future__ import annotations

import asyncio
import signal
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType

import uvicorn
from starlette.types import ASGIApp

CONNECTIONS_AT_MOST = 512
STOP_SECONDS = 10.0
"""So long requests that are being answered may go on when the server is to end; then they are cut."""
GOODBYE_SECONDS = 5.0
"""So long clients may take to read that they are cut, and a busy machine to tell them."""
_LOOK_SECONDS = 0.05


@dataclass(slots=True)
class Signals:
    """How often this process was asked to end."""

    count: int = 0

    def note(self, _number: int, _frame: FrameType | None) -> None:
        """One more."""
        self.count += 1


@contextmanager
def noted_signals() -> Iterator[Signals]:
    """SIGTERM and SIGINT are counted meanwhile, and do nothing by themselves."""
    signals = Signals()
    before = {number: signal.signal(number, signals.note) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield signals
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def configured(app: ASGIApp) -> uvicorn.Config:
    """How requests are taken in: nothing is logged of them but what is broken here, and no proxy is believed."""
    return uvicorn.Config(
        app,
        http="h11",
        loop="asyncio",
        ws="none",
        lifespan="off",
        log_config=None,
        log_level="error",
        access_log=False,
        proxy_headers=False,
        server_header=False,
        limit_concurrency=CONNECTIONS_AT_MOST,
    )


class Server(uvicorn.Server):
    """Answers until there is a signal. Then requests may go on for a while; a second signal, or the end of that while, cuts them."""

    def __init__(self, config: uvicorn.Config, cut: Callable[[], None], signals: Signals) -> None:
        super().__init__(config)
        self._cut = cut
        self._signals = signals

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """They are noted by others."""
        yield

    async def on_tick(self, counter: int) -> bool:
        """Whether to end."""
        self.should_exit = self.should_exit or self._signals.count > 0
        return await super().on_tick(counter)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Take in no requests any more, and wait for those that are being answered."""
        ending = asyncio.ensure_future(self._end_requests())
        await super().shutdown(sockets)
        await ending

    async def _end_requests(self) -> None:
        """No task is cancelled: what answers ends by itself, as it is told so or its connection goes."""
        await self._until_answered(STOP_SECONDS, hurried=lambda: self._signals.count > 1)
        self._cut()
        await self._until_answered(GOODBYE_SECONDS, hurried=lambda: False)
        for connection in tuple(self.server_state.connections):
            connection.transport.abort()

    async def _until_answered(self, seconds: float, *, hurried: Callable[[], bool]) -> None:
        deadline = time.monotonic() + seconds
        while self._answering and not hurried() and time.monotonic() < deadline:  # noqa: ASYNC110 - uvicorn tells nobody
            await asyncio.sleep(_LOOK_SECONDS)

    @property
    def _answering(self) -> bool:
        return bool(self.server_state.connections or self.server_state.tasks)
