"""The process behind `janus serve`: a lab, opened, and an HTTP server that offers its models until SIGTERM."""

from __future__ import annotations

import argparse
import signal
import socket
import sys
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from types import FrameType

import uvicorn
from starlette.types import ASGIApp

from janus_lab import open_lab
from janus_lab.compose.serving import known_models
from janus_lab.errors import JanusError, SettingsError
from janus_lab.serve.application import Served, application
from janus_lab.serve.following import Followers
from janus_lab.serve.key import Key, find_key

HOST, PORT = "127.0.0.1", 8765
STOP_SECONDS = 10
"""So long a request that is being answered may go on when the server is to end; then its run is cancelled."""
CONNECTIONS_AT_MOST = 512
_LOOPBACK = ("127.0.0.1", "::1", "localhost")


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until SIGTERM or SIGINT; the exit status is 0 then, and 1 if it can't begin."""
    options = _parser().parse_args(arguments)
    try:
        key = find_key(options.home, options.key_env)
        with closing(listening(options.host, options.port)) as listener, open_lab(options.home, announce=_say) as lab:
            followers = Followers()
            with known_models(lab.settings) as models, closing(followers):
                _greet(listener, options.host, key)
                serve(application(Served(lab, models, followers), key.value), listener)
    except JanusError as error:
        _say("\n".join(error.lines()))
        return 1
    return 0


def listening(host: str, port: int) -> socket.socket:
    """A socket that listens there; port 0 is any free one. Raises SettingsError."""
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
        return socket.create_server(address[:2], family=family, backlog=128)
    except OSError as error:
        raise SettingsError(
            f"nothing can listen at {host}:{port}: {error.strerror or error}",
            remedy="choose another --port, or end what listens there",
        ) from error


def serve(app: ASGIApp, listener: socket.socket) -> None:
    """Answer requests until SIGTERM or SIGINT; a second signal does not wait for those that are being answered."""
    _Server(configured(app)).run(sockets=[listener])


def configured(app: ASGIApp) -> uvicorn.Config:
    """How requests are taken in: nothing is logged of them, and no proxy is believed."""
    return uvicorn.Config(
        app,
        http="h11",
        loop="asyncio",
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        limit_concurrency=CONNECTIONS_AT_MOST,
        timeout_graceful_shutdown=STOP_SECONDS,
    )


class _Server(uvicorn.Server):
    """Ends in order after a signal, instead of sending it to this process once more."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        before = {number: signal.signal(number, self._asked_to_end) for number in (signal.SIGTERM, signal.SIGINT)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _asked_to_end(self, _number: int, _frame: FrameType | None) -> None:
        self.force_exit = self.should_exit
        self.should_exit = True


def _greet(listener: socket.socket, host: str, key: Key) -> None:
    shown = f"[{host}]" if ":" in host else host
    _say(f"serving models at http://{shown}:{listener.getsockname()[1]}/v1 until Ctrl+C")
    _say(f"key: {key.value} (kept in {key.place}; it is shown this once)" if key.fresh else f"key: in {key.place}")
    if host not in _LOOPBACK:
        _say("other machines can reach this, and nothing is encrypted: put a server with TLS before it")


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)  # noqa: T201 - a server's log


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="janus_lab.serve", description=__doc__)
    parser.add_argument("--home", type=Path, required=True, help="data directory")
    parser.add_argument("--host", default=HOST, help="address to listen at")
    parser.add_argument("--port", type=int, default=PORT, help="port to listen at; 0 is any free one")
    parser.add_argument("--key-env", default="", help="environment variable that holds the key")
    return parser
