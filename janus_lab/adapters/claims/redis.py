"""Claims in Redis: every change is one script, and only the server's clock counts."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from janus_lab.adapters.redis import keys, scripts
from janus_lab.adapters.redis.client import check_version, open_client, translated
from janus_lab.adapters.redis.codes import ReleaseClaim, RenewClaim, TakeClaim
from janus_lab.ports.claims import Claims

if TYPE_CHECKING:
    from redis import Redis

CANCEL_EXPIRY_SECONDS = 7 * 24 * 3600


@contextmanager
def open_claims(redis_url: str) -> Iterator[Claims]:
    """Claims on the server at `redis_url`. Raises StoreUnreachable, AccessDenied or EngineTooOld."""
    with open_client(redis_url) as client:
        check_version(client, redis_url)
        yield RedisClaims(client, redis_url)


class RedisClaims:
    """Claims as hashes that expire; see `lua/*_claim.lua`."""

    def __init__(self, client: Redis, redis_url: str) -> None:
        self._client = client
        self._url = redis_url
        self._take = scripts.register(client, "take_claim")
        self._renew = scripts.register(client, "renew_claim")
        self._release = scripts.register(client, "release_claim")

    def take(self, run_id: str, holder: str, ttl_seconds: float, *, above: int = 0) -> int | None:
        """Claim a run that nobody holds, or that `holder` holds already: a new fencing number, or None if it is held."""
        with translated(self._url):
            code, fence = self._take(
                keys=[keys.claim(run_id), keys.FENCE], args=[holder, _milliseconds(ttl_seconds), above]
            )
        return int(fence) if TakeClaim(code) is TakeClaim.TAKEN else None

    def renew(self, run_id: str, holder: str, fence: int, ttl_seconds: float) -> bool:
        """Prolong a claim; False, and nothing is changed, if it has expired or is another's."""
        with translated(self._url):
            code = self._renew(keys=[keys.claim(run_id)], args=[holder, fence, _milliseconds(ttl_seconds)])
        return RenewClaim(code) is RenewClaim.RENEWED

    def release(self, run_id: str, holder: str, fence: int) -> bool:
        """Give a claim back; False if it was not ours any more."""
        with translated(self._url):
            code = self._release(keys=[keys.claim(run_id)], args=[holder, fence])
        return ReleaseClaim(code) is ReleaseClaim.RELEASED

    def held(self, run_ids: Collection[str]) -> set[str]:
        """Those of these runs that somebody holds, asked for in one round trip."""
        if not run_ids:
            return set()
        with translated(self._url), self._client.pipeline(transaction=False) as asking:
            for run_id in run_ids:
                asking.exists(keys.claim(run_id))
            return {run_id for run_id, there in zip(run_ids, asking.execute(), strict=True) if there}

    def request_cancel(self, run_id: str) -> None:
        """Ask whoever works on this run to stop."""
        with translated(self._url):
            self._client.set(keys.cancel(run_id), "1", ex=CANCEL_EXPIRY_SECONDS)

    def cancel_requested(self, run_id: str) -> bool:
        """Whether somebody asked for this run to stop."""
        with translated(self._url):
            return bool(self._client.exists(keys.cancel(run_id)))

    def clear_cancel(self, run_id: str) -> None:
        """Forget the wish to cancel."""
        with translated(self._url):
            self._client.delete(keys.cancel(run_id))


def _milliseconds(seconds: float) -> int:
    return max(1, round(seconds * 1000))
