"""What `janus doctor` asks a Redis-compatible server: is it there, of what version, does it keep what it is given, its clock."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

from redis import Redis

from janus_lab.adapters.redis.client import check_version, open_client, server_version, translated
from janus_lab.errors import AccessDenied, JanusError
from janus_lab.values.health import Check, Verdict
from janus_lab.values.shown_url import shown_url

_NAME = "redis"
_SKEW_SECONDS = 60.0
_KEEPS = "noeviction"


def checks(url: str) -> Iterator[Check]:
    """Reachable, version, credentials, eviction policy, persistence, clock. Never raises."""
    try:
        with open_client(url, retries=0) as client:
            check_version(client, url)
            yield from _asked(client, url)
    except JanusError as error:
        yield Check(_NAME, Verdict.FAILED, error.message, error.remedy)


def _asked(client: Redis, url: str) -> Iterator[Check]:
    try:
        with translated(url):
            name, version = server_version(client)
            facts: dict[str, Any] = client.info("everything")
    except AccessDenied:
        yield Check(_NAME, Verdict.OK, f"answers at {shown_url(url)}; this user may not ask how it is set up")
        return
    yield Check(_NAME, Verdict.OK, f"{name} {version} answers at {shown_url(url)}")
    yield _eviction(str(facts.get("maxmemory_policy", _KEEPS)))
    yield _persistence(facts)
    with translated(url):
        before, (seconds, micros), after = time.time(), client.time(), time.time()
    yield _clock((before + after) / 2 - (seconds + micros / 1e6))


def _eviction(policy: str) -> Check:
    if policy == _KEEPS:
        return Check(f"{_NAME} memory", Verdict.OK, policy)
    remedy = f"set `maxmemory-policy {_KEEPS}`: another policy drops queued runs and claims when memory runs low"
    return Check(f"{_NAME} memory", Verdict.WARNING, f"the eviction policy is {policy}", remedy)


def _persistence(facts: dict[str, Any]) -> Check:
    if facts.get("aof_enabled"):
        if facts.get("aof_last_write_status", "ok") != "ok":
            remedy = "free space on the server's disk: it takes no writes until then"
            return Check(f"{_NAME} persistence", Verdict.FAILED, "it can't write its log", remedy)
        return Check(f"{_NAME} persistence", Verdict.OK, "append-only log")
    remedy = "set `appendonly yes`; what is lost with a crash is found again from the ledger, only later"
    return Check(f"{_NAME} persistence", Verdict.WARNING, "no append-only log", remedy)


def _clock(difference: float) -> Check:
    detail = f"this machine is {abs(difference):.0f} s {'ahead of' if difference > 0 else 'behind'} the server"
    if abs(difference) > _SKEW_SECONDS:
        remedy = "set both clocks (`timedatectl set-ntp true`)"
        return Check(f"{_NAME} clock", Verdict.WARNING, detail, remedy)
    return Check(f"{_NAME} clock", Verdict.OK, "the same time here and there")
