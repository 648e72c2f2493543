"""Waiting for one's turn under a rate that every process keeps to."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from janus_lab.errors import RunCancelled
from janus_lab.ports.throttle import Throttle
from janus_lab.values.rate import Rate

_SPREAD = 0.1
_LOOK_SECONDS = 0.1

_unwanted: ContextVar[Callable[[], bool]] = ContextVar("janus-turns-unwanted", default=lambda: False)


@contextmanager
def until_unwanted(unwanted: Callable[[], bool]) -> Iterator[None]:
    """Inside, waiting for a turn ends with RunCancelled soon after `unwanted` says so."""
    token = _unwanted.set(unwanted)
    try:
        yield
    finally:
        _unwanted.reset(token)


class Turns:
    """Turns of one `kind` of work, each name with a rate of its own. `sleep` is given seconds."""

    def __init__(
        self, throttle: Throttle, rate: Rate, kind: str, *, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self._throttle = throttle
        self._rate = rate
        self._kind = kind
        self._sleep = sleep

    def wait(self, name: str) -> None:
        """Return when it is our turn. Raises what the throttle raises, without which nobody knows the others' turns, or RunCancelled."""
        while seconds := self._throttle.wait_seconds(f"{self._kind}:{name}", self._rate):
            # Whoever waits is told about the same time; a little apart, they don't all come back at once.
            self._rest(seconds * (1 + _SPREAD * random.random()))  # noqa: S311 - nothing is kept secret by it

    def _rest(self, seconds: float) -> None:
        unwanted = _unwanted.get()
        while seconds > 0:
            if unwanted():
                raise RunCancelled("nobody waits for it any more", remedy="start it again")
            self._sleep(min(seconds, _LOOK_SECONDS))
            seconds -= _LOOK_SECONDS
