"""The sampler: of all processes that could, one measures their machine, and another takes over when it ends."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import structlog

from janus_lab.errors import JanusError
from janus_lab.ports.claims import Claims
from janus_lab.resources.monitor import Monitor

CLAIM_SECONDS = 2.0
"""So long after the sampler's death another one takes over, at most; a slow sampler's claim lives for four of its turns."""
_LIFE_TURNS = 4
_RENEWED_AFTER = 0.4
"""This share of its life; a renewal that fails is tried again at the next turn, before it ends."""
_REPEAT_LOG_SECONDS = 60.0

_log = structlog.get_logger(__name__)


def claim_name(machine: str) -> str:
    """What the sampler of a machine claims."""
    return f"sampler:{machine}"


@contextmanager
def sampling(monitor: Monitor, claims: Claims, *, machine: str, holder: str, seconds: float) -> Iterator[None]:
    """While inside, measure the machine every `seconds`, unless another process does; the first look is over on entering."""
    sampler = _Sampler(monitor, claims, machine, holder, seconds)
    over = threading.Event()
    sampler.turn()
    thread = threading.Thread(target=sampler.go_on, args=(over,), name="sampler", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join(sampler.claim_seconds)
        sampler.give_up()


class _Sampler:
    def __init__(self, monitor: Monitor, claims: Claims, machine: str, holder: str, seconds: float) -> None:
        self._monitor = monitor
        self._claims = claims
        self._name = claim_name(machine)
        self._holder = holder
        self._seconds = seconds
        self._fence: int | None = None
        self._told: tuple[str, float] = ("", 0.0)
        self.claim_seconds = max(CLAIM_SECONDS, _LIFE_TURNS * seconds)
        self._renewed_at = float("-inf")

    def go_on(self, over: threading.Event) -> None:
        """A turn at each multiple of the interval, however long a turn takes; those that were missed are left out."""
        begun, turns = time.monotonic(), 1
        while not over.wait(max(0.0, begun + turns * self._seconds - time.monotonic())):
            self.turn()
            turns = max(turns, int((time.monotonic() - begun) / self._seconds)) + 1

    def turn(self) -> None:
        """Look, if it is ours to look. What fails is logged, and tried again at the next turn."""
        try:
            if self._ours():
                self._monitor.look()
        except Exception as error:  # noqa: BLE001 - nobody else would go on; what was published grows stale meanwhile
            self._log(error)

    def give_up(self) -> None:
        """Let another one go on at once."""
        try:
            if self._fence is not None:
                self._claims.release(self._name, self._holder, self._fence)
        except JanusError as error:
            self._log(error)
        self._fence = None

    def _ours(self) -> bool:
        now = time.monotonic()
        if self._fence is not None and now - self._renewed_at < _RENEWED_AFTER * self.claim_seconds:
            return True
        if self._fence is not None and self._claims.renew(self._name, self._holder, self._fence, self.claim_seconds):
            self._renewed_at = now
            return True
        self._fence = self._claims.take(self._name, self._holder, self.claim_seconds)
        if self._fence is None:
            return False
        self._renewed_at = now
        self._monitor.begin()
        _log.info("sampler-begins", claim=self._name)
        return True

    def _log(self, error: Exception) -> None:
        known = isinstance(error, JanusError)
        name = error.code if isinstance(error, JanusError) else type(error).__name__
        told, at = self._told
        if name != told or time.monotonic() - at > _REPEAT_LOG_SECONDS:
            self._told = (name, time.monotonic())
            _log.warning("machine-not-measured", code=name, message=str(error), exc_info=None if known else error)
