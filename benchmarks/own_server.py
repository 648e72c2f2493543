"""The embedded default's server, for benchmarks of what stands on it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from janus_lab.adapters.engine_room.paths import socket_path
from janus_lab.adapters.engine_room.server import server_url, start_server, wait_for_server


@dataclass(frozen=True, slots=True)
class OwnServer:
    """A running server; `folder` is its own, and goes with it."""

    url: str
    pid: int
    folder: Path


@contextmanager
def own_server() -> Iterator[OwnServer]:
    """A server that lives as long as the block."""
    with TemporaryDirectory(prefix="janus-bench-") as name:
        folder = Path(name)
        socket, log = socket_path(folder), folder / "server.log"
        process = start_server(directory=folder, socket=socket, log=log)
        try:
            wait_for_server(process, socket, log, wait_seconds=30)
            yield OwnServer(server_url(socket, "janus-bench"), process.pid, folder)
        finally:
            process.terminate()
            process.wait(30)
