"""How a process that is being started tells the one that started it how that went: one JSON line through a pipe."""

from __future__ import annotations

import json
import os
import select
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass

from janus_lab.errors import EngineRoomFailed, JanusError

_LONGEST_REPORT = 64 * 1024


@dataclass(frozen=True, slots=True)
class Failure:
    """A JanusError as data."""

    code: str
    message: str
    remedy: str

    @classmethod
    def of(cls, error: JanusError) -> Failure:
        """The failure that `error` is."""
        return cls(error.code, error.message, error.remedy)

    def error(self) -> JanusError:
        """The error that it was: of its own class if that is known, else EngineRoomFailed."""
        kind = next((kind for kind in _kinds(JanusError) if kind.code == self.code), EngineRoomFailed)
        return kind(self.message, remedy=self.remedy)


def _kinds(kind: type[JanusError]) -> Iterator[type[JanusError]]:
    yield kind
    for below in kind.__subclasses__():
        yield from _kinds(below)


class Reporter:
    """The writing end. Reports once; a process without a pipe reports to nobody."""

    def __init__(self, descriptor: int | None) -> None:
        self._descriptor = descriptor
        if descriptor is not None:
            os.set_inheritable(descriptor, False)

    def succeeded(self) -> None:
        """Say that all is well."""
        self._send(None)

    def failed(self, error: JanusError) -> None:
        """Say what went wrong."""
        self._send(Failure.of(error))

    def _send(self, failure: Failure | None) -> None:
        if self._descriptor is None:
            return
        line = json.dumps({"failure": asdict(failure) if failure else None}) + "\n"
        try:
            os.write(self._descriptor, line.encode()[:_LONGEST_REPORT])
        except BrokenPipeError:
            pass  # whoever asked is gone; the record still says it
        finally:
            os.close(self._descriptor)
            self._descriptor = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came through a pipe: `reported` is False if the other end closed it without a word."""

    reported: bool
    failure: Failure | None = None


def receive(descriptor: int, *, wait_seconds: float) -> Outcome | None:
    """What the other end reports within `wait_seconds`, or None if it is still silent."""
    deadline = time.monotonic() + wait_seconds
    received = b""
    while True:
        ready, _, _ = select.select([descriptor], [], [], max(0.0, deadline - time.monotonic()))
        if not ready:
            return None
        piece = os.read(descriptor, _LONGEST_REPORT)
        received += piece
        if received.endswith(b"\n"):
            failure = json.loads(received)["failure"]
            return Outcome(reported=True, failure=Failure(**failure) if failure else None)
        if not piece:
            return Outcome(reported=False)
