"""The process behind `janus serve`: a lab, opened, and an HTTP server that offers its models until SIGTERM."""

from __future__ import annotations

import argparse
import socket
import sys
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from janus_lab import open_lab
from janus_lab.compose.serving import known_models
from janus_lab.errors import JanusError, SettingsError
from janus_lab.serve.application import Served, application
from janus_lab.serve.following import Followers
from janus_lab.serve.key import Key, find_key
from janus_lab.serve.server import Server, Signals, configured, noted_signals

HOST, PORT = "127.0.0.1", 8765
_LOOPBACK = ("127.0.0.1", "::1", "localhost")


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until SIGTERM or SIGINT; the exit status is 0 then, and 1 if it can't begin."""
    options = _parser().parse_args(arguments)
    with noted_signals() as signals:
        try:
            _serve(options, signals)
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


def _serve(options: argparse.Namespace, signals: Signals) -> None:
    key = find_key(options.home, options.key_env)
    with (
        closing(listening(options.host, options.port)) as listener,
        open_lab(options.home, restart=False, announce=_say) as lab,
        known_models(lab.settings) as models,
        closing(Followers()) as followers,
    ):
        _greet(listener, options.host, key)
        app = application(Served(lab, models, followers), key.value)
        Server(configured(app), followers.cut, signals).run(sockets=[listener])


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
