"""Steps in Redis: every change is one script, and only the server's clock counts."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from janus_lab.adapters.redis import keys, scripts
from janus_lab.adapters.redis.client import check_version, open_client, translated
from janus_lab.adapters.redis.codes import FinishStep, ReleaseStep, TakeStep
from janus_lab.ports.step_claims import StepClaim, StepClaims

if TYPE_CHECKING:
    from redis import Redis

_CLAIMS = {TakeStep.TAKEN: StepClaim.TAKEN, TakeStep.HELD: StepClaim.HELD, TakeStep.DONE: StepClaim.DONE}


@contextmanager
def open_steps(redis_url: str) -> Iterator[StepClaims]:
    """Steps on the server at `redis_url`. Raises StoreUnreachable, AccessDenied or EngineTooOld."""
    with open_client(redis_url) as client:
        check_version(client, redis_url)
        yield RedisSteps(client, redis_url)


class RedisSteps:
    """Steps as hashes that expire; see `lua/*_step.lua`."""

    def __init__(self, client: Redis, redis_url: str) -> None:
        self._url = redis_url
        self._take = scripts.register(client, "take_step")
        self._finish = scripts.register(client, "finish_step")
        self._release = scripts.register(client, "release_step")

    def take(self, step: str, holder: str, ttl_seconds: float) -> tuple[StepClaim, int]:
        """Take a step that nobody holds and nobody has finished, or prolong our own; with its fencing number if TAKEN."""
        with translated(self._url):
            code, fence = self._take(keys=[keys.step(step), keys.FENCE], args=[holder, _milliseconds(ttl_seconds)])
        return _CLAIMS[TakeStep(code)], int(fence)

    def finish(self, step: str, holder: str, fence: int, *, keep_seconds: float) -> bool:
        """Say that it is done; False if it was not ours any more, so that what was done must not count."""
        with translated(self._url):
            code = self._finish(keys=[keys.step(step)], args=[holder, fence, _milliseconds(keep_seconds)])
        return FinishStep(code) is FinishStep.FINISHED

    def release(self, step: str, holder: str, fence: int) -> bool:
        """Give it back undone; False if it was not ours any more, or is done."""
        with translated(self._url):
            code = self._release(keys=[keys.step(step)], args=[holder, fence])
        return ReleaseStep(code) is ReleaseStep.RELEASED


def _milliseconds(seconds: float) -> int:
    return max(1, round(seconds * 1000))
