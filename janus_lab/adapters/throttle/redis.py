"""Rates in Redis: one number each, changed by one script under the server's clock."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from janus_lab.adapters.redis import keys, scripts
from janus_lab.adapters.redis.client import check_version, open_client, translated
from janus_lab.adapters.redis.codes import TakePermit
from janus_lab.ports.throttle import Throttle
from janus_lab.values.rate import Rate

if TYPE_CHECKING:
    from redis import Redis


@contextmanager
def open_throttle(redis_url: str) -> Iterator[Throttle]:
    """Rates on the server at `redis_url`. Raises StoreUnreachable, AccessDenied or EngineTooOld."""
    with open_client(redis_url) as client:
        check_version(client, redis_url)
        yield RedisThrottle(client, redis_url)


class RedisThrottle:
    """See `lua/take_permit.lua`. A request that is repeated after a lost reply may take its permit twice: later, never faster."""

    def __init__(self, client: Redis, redis_url: str) -> None:
        self._url = redis_url
        self._take = scripts.register(client, "take_permit")

    def wait_seconds(self, name: str, rate: Rate, *, cost: int = 1) -> float:
        """0.0 and the permit is taken, or how long to wait before asking again (nothing is taken then)."""
        rate.check_cost(cost)
        with translated(self._url):
            code, wait_us = self._take(keys=[keys.rate(name)], args=[repr(rate.interval_us), rate.burst, cost])
        return 0.0 if TakePermit(code) is TakePermit.TAKEN else int(wait_us) / 1e6
