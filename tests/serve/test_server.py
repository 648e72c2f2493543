"""The end of a server, whatever its clients do."""

from __future__ import annotations

import asyncio
import logging
import socket
import threading

from starlette.applications import Starlette
from starlette.responses import StreamingResponse
from starlette.routing import Route

from janus_lab.serve import server
from janus_lab.serve.main import listening
from janus_lab.serve.server import Server, Signals, configured


async def endless(_request):
    async def said():
        while True:
            yield b"x" * 65_536
            await asyncio.sleep(0)

    return StreamingResponse(said())


def test_a_client_that_does_not_read_keeps_no_server_from_ending(monkeypatch, caplog):
    monkeypatch.setattr(server, "GOODBYE_SECONDS", 0.2)
    monkeypatch.setattr(server, "STOP_SECONDS", 3600.0)  # the second signal ends it, not this
    signals, cut = Signals(), threading.Event()
    with listening("127.0.0.1", 0) as listener, caplog.at_level(logging.DEBUG):
        serving = Server(configured(Starlette(routes=[Route("/", endless)])), cut.set, signals)
        thread = threading.Thread(target=serving.run, kwargs={"sockets": [listener]})
        thread.start()
        with socket.create_connection(listener.getsockname()) as deaf:
            deaf.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            assert deaf.recv(10)
            signals.count = 2
            thread.join(60)
            assert not thread.is_alive(), "it waits for a client that never reads"
    assert cut.is_set()
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []
