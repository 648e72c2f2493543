"""A door in front of a server that a test can make slow, cut, close, or leave hanging: networks fail in more ways than servers.

def test_it(proxied, postgresql_url):
    proxy = proxied(postgresql_url)
    ... open an adapter at proxy.url ...
    proxy.cut()
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
import threading
from collections.abc import Callable, Coroutine, Iterator
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import pytest
from native_stack.ports import reserve

_CHUNK_BYTES = 64 * 1024
_WAIT_SECONDS = 60.0


class Proxy:
    """A TCP proxy on a port of its own. Every call has taken effect when it returns."""

    def __init__(self, url: str) -> None:
        """`url` is the server's; it keeps its scheme, credentials, path and query in `self.url`."""
        parts = urlsplit(url)
        assert parts.hostname
        assert parts.port
        self._target = (parts.hostname, parts.port)
        self._reserved = reserve()
        self.port = self._reserved.number
        credentials, at, _ = parts.netloc.rpartition("@")
        self.url = urlunsplit(parts._replace(netloc=f"{credentials}{at}127.0.0.1:{self.port}"))
        self.connections = 0
        """How many clients have come in since the beginning."""
        self._delay_seconds = 0.0
        self._flowing = asyncio.Event()
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.StreamWriter] = set()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name=f"proxy-{self.port}", daemon=True)
        self._thread.start()
        self.heal()

    def delay(self, seconds: float) -> None:
        """Hold every piece back for so long, in both directions."""
        self._delay_seconds = seconds

    def hang(self) -> None:
        """Let clients connect and send, and pass nothing on: the server seems to think."""
        self._call(self._hang())

    def cut(self) -> None:
        """Break every connection there is; new ones pass."""
        self._call(self._cut())

    def refuse(self) -> None:
        """Break every connection and refuse new ones, as a machine does whose server is down."""
        self._call(self._refuse())

    def heal(self) -> None:
        """Pass everything on again, at once."""
        self._delay_seconds = 0.0
        self._call(self._heal())

    def close(self) -> None:
        """End it."""
        self.refuse()
        self._call(self._cancel())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(_WAIT_SECONDS)
        self._loop.close()
        self._reserved.release()

    def _call(self, work: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(_WAIT_SECONDS)

    async def _heal(self) -> None:
        self._flowing.set()
        if self._server is None:
            self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)

    async def _hang(self) -> None:
        self._flowing.clear()

    async def _cut(self) -> None:
        for writer in list(self._open):
            _break(writer)

    async def _refuse(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None
        await self._cut()

    async def _cancel(self) -> None:
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self._open.add(writer)
        try:
            server_reader, server_writer = await asyncio.open_connection(*self._target)
        except OSError:
            _break(writer)
            self._open.discard(writer)
            return
        self._open.add(server_writer)
        try:
            # Only `close` cancels, and asyncio would report that as an error of this callback.
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.gather(self._pump(reader, server_writer), self._pump(server_reader, writer))
        finally:
            for one in (writer, server_writer):
                self._open.discard(one)
                one.close()

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # A broken connection ends both directions: half of one is of no use to any of our drivers.
        with contextlib.suppress(OSError):
            while piece := await reader.read(_CHUNK_BYTES):
                await self._flowing.wait()
                if self._delay_seconds:
                    await asyncio.sleep(self._delay_seconds)
                writer.write(piece)
                await writer.drain()
        writer.close()


def _break(writer: asyncio.StreamWriter) -> None:
    """End a connection with a reset, as a machine does that has forgotten it."""
    connection: socket.socket = writer.get_extra_info("socket")
    with contextlib.suppress(OSError):
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


@pytest.fixture
def proxied() -> Iterator[Callable[[str], Proxy]]:
    """Makes a Proxy for the server at a URL, and ends it after the test."""
    made: list[Proxy] = []

    def make(url: str) -> Proxy:
        made.append(Proxy(url))
        return made[-1]

    yield make
    for proxy in made:
        proxy.close()
