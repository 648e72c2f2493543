"""A program that runs a server for as long as whoever started it holds this program's standard input open.

Its owner may be killed at any moment, and has threads: neither a signal on the parent's death nor anything between fork and exec
can be relied on there. So this process stands between, which does nothing else. It knows nothing of Janus Lab, and starts
fast. The first line of its input is the order, as JSON; the end of the input is the end of the server and of all its
descendants. What the server prints goes to a log that doesn't grow forever, without the key in it.
"""

from __future__ import annotations

import ctypes
import json
import os
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, NoReturn

_PR_SET_PDEATHSIG, _PR_SET_CHILD_SUBREAPER = 1, 36
_LOOK_SECONDS = 0.2
_PIECE = 1 << 16
_LARGEST_LOG = 4 << 20
_OURS = "JANUS_"
"""The environment of ours may hold passwords, and a server has no use for it."""


class Log:
    """Lines in a file that its owner alone may read, with one older file beside it once it is long."""

    def __init__(self, path: Path, hidden: str) -> None:
        self._path = path
        self._hidden = hidden.encode()
        self._held = b""
        self._file = path.open("ab", buffering=0)

    def write(self, data: bytes) -> None:
        """Whole lines, and what is too long for one; the rest is held."""
        self._held += data
        if self._hidden:
            self._held = self._held.replace(self._hidden, b"(key)")
        end = self._held.rfind(b"\n") + 1
        if len(self._held) > _PIECE:
            # What may be the key's beginning waits for the rest of it.
            end = max(end, len(self._held) - len(self._hidden))
        self._put(self._held[:end])
        self._held = self._held[end:]

    def close(self) -> None:
        """Write what is left."""
        self._put(self._held)
        self._file.close()

    def _put(self, data: bytes) -> None:
        # A full disk must not end the server.
        with suppress(OSError):
            if self._file.tell() > _LARGEST_LOG:
                self._begin_anew()
        with suppress(OSError):
            self._file.write(data)

    def _begin_anew(self) -> None:
        self._path.replace(self._path.with_suffix(".1.log"))
        before, self._file = self._file, self._path.open("ab", buffering=0)
        before.close()


class Guarded:
    """The server, its output and its descendants."""

    def __init__(self, order: Mapping[str, Any], log: Log) -> None:
        environment = {name: value for name, value in os.environ.items() if not name.startswith(_OURS)}
        self._log = log
        self._process = subprocess.Popen(  # noqa: S603 - the command is what we are for
            order["command"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env={**environment, **order["environment"]},
            process_group=0,
            preexec_fn=_dies_with_us(),  # noqa: PLW1509 - there are no threads
        )
        self._output = self._process.stdout.fileno() if self._process.stdout else -1
        os.set_blocking(self._output, False)

    def follow(self, until: Callable[[], bool]) -> None:
        """Keep the log until the server has ended, or this is true."""
        with selectors.DefaultSelector() as selector:
            selector.register(0, selectors.EVENT_READ)
            selector.register(self._output, selectors.EVENT_READ)
            while not (self._has_ended() or until()):
                ready = [key.fd for key, _ in selector.select(_LOOK_SECONDS)]
                if self._output in ready and self._read() == b"":
                    selector.unregister(self._output)
                    self._output = -1
                if 0 in ready and not os.read(0, _PIECE):
                    return

    def end(self, grace: float) -> int:
        """Ask it to end, then make it and its descendants, and return its exit status."""
        deadline = time.monotonic() + grace
        if not self._has_ended():
            self._signal(signal.SIGTERM)
            while not self._has_ended() and time.monotonic() < deadline:
                time.sleep(_LOOK_SECONDS / 10)
                self._read()
        # Until it is waited for, its number is nobody else's.
        self._signal(signal.SIGKILL)
        status = self._process.wait()
        _end_descendants()
        while self._read():
            pass
        return status if status >= 0 else 128 - status

    def _has_ended(self) -> bool:
        options = os.WEXITED | os.WNOHANG | os.WNOWAIT
        return os.waitid(os.P_PID, self._process.pid, options) is not None

    def _read(self) -> bytes | None:
        """Log a piece of what there is: nothing at the end, None if there is nothing now."""
        try:
            data = os.read(self._output, _PIECE) if self._output >= 0 else b""
        except BlockingIOError:
            return None
        self._log.write(data)
        return data

    def _signal(self, number: signal.Signals) -> None:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, number)


def main() -> int:
    """Run the server that is ordered; the exit status is the server's, 127 if it can't be started."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, _leave)
    os.umask(0o077)
    _adopt_orphans()
    order = json.loads(_first_line())
    log = Log(Path(order["log"]), order["hidden"])
    try:
        guarded = Guarded(order, log)
    except OSError as error:
        log.write(f"{order['command'][0]} can't be started: {error.strerror}\n".encode())
        return 127
    try:
        guarded.follow(lambda: False)
    finally:
        status = guarded.end(order["grace_seconds"])
        log.close()
    return status


def _first_line() -> bytes:
    """Read to a line's end and no further."""
    line = b""
    while not line.endswith(b"\n"):
        piece = os.read(0, 1)
        if not piece:
            raise SystemExit(0)
        line += piece
    return line


def _leave(*_signal: object) -> NoReturn:
    raise SystemExit(0)


def _dies_with_us() -> Callable[[], None] | None:
    if sys.platform != "linux":
        return None
    libc = ctypes.CDLL(None)
    return lambda: libc.prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL))


def _adopt_orphans() -> None:
    """Become the parent of descendants whose parent ends, where the system has such a thing."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def _end_descendants() -> None:
    """Kill what the server left, whatever group it went to; the descendants of what is killed become ours in turn."""
    children = Path(f"/proc/self/task/{os.getpid()}/children")
    while pids := children.read_text(encoding="ascii").split() if children.exists() else []:
        for pid in map(int, pids):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
            with suppress(ChildProcessError):
                os.waitpid(pid, 0)


if __name__ == "__main__":
    sys.exit(main())
