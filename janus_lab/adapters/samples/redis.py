"""Samples in Redis: the latest as a text that expires, the history as a sorted set by time of measurement."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from janus_lab.adapters.redis import keys
from janus_lab.adapters.redis.client import check_version, open_client, translated
from janus_lab.ports.samples import Samples
from janus_lab.values.codec import from_json, to_json
from janus_lab.values.machine import Sample

if TYPE_CHECKING:
    from redis import Redis


TIDY_SECONDS = 2.0
"""How often what is old is removed: seldom, as it costs more than telling a sample."""


@dataclass(frozen=True, slots=True)
class _Published:
    """When the last sample of a machine was measured, and when its history was last tidied."""

    at: float
    tidied_at: float


_NOTHING = _Published(float("-inf"), float("-inf"))


@contextmanager
def open_samples(redis_url: str, *, expiry_seconds: float = 5.0, history_seconds: float = 300.0) -> Iterator[Samples]:
    """Samples on the server at `redis_url`. Raises StoreUnreachable, AccessDenied or EngineTooOld."""
    with open_client(redis_url) as client:
        check_version(client, redis_url)
        yield RedisSamples(client, redis_url, expiry_seconds=expiry_seconds, history_seconds=history_seconds)


class RedisSamples:
    """One text and one sorted set a machine, and a set of the machines' names."""

    def __init__(self, client: Redis, redis_url: str, *, expiry_seconds: float, history_seconds: float) -> None:
        self._client = client
        self._url = redis_url
        self._expiry_milliseconds = max(1, round(expiry_seconds * 1000))
        self._history_seconds = history_seconds
        self._published: dict[str, _Published] = {}

    def publish(self, sample: Sample) -> None:
        """Make this the machine's latest."""
        history = keys.sample_history(sample.machine)
        data = to_json(sample)
        before = self._published.get(sample.machine, _NOTHING)
        tidy = sample.at < before.at or sample.at - before.tidied_at >= TIDY_SECONDS
        with translated(self._url), self._client.pipeline(transaction=False) as telling:
            telling.set(keys.sample(sample.machine), _text(data), px=self._expiry_milliseconds)
            telling.zadd(history, {_text({**data, "processes": []}): sample.at})
            if tidy:
                telling.zremrangebyscore(history, "-inf", f"({sample.at - self._history_seconds!r}")
                # Where the clock was put back, what was measured before it would seem the newest.
                telling.zremrangebyscore(history, f"({sample.at!r}", "+inf")
            telling.expire(history, max(1, round(self._history_seconds + TIDY_SECONDS)))
            telling.sadd(keys.SAMPLED, sample.machine)
            telling.execute()
        self._published[sample.machine] = _Published(sample.at, sample.at if tidy else before.tidied_at)

    def latest(self, machine: str) -> Sample | None:
        """The machine's latest sample, or None where it has expired."""
        with translated(self._url):
            text = cast(str | None, self._client.get(keys.sample(machine)))
        return None if text is None else _sample(text)

    def history(self, machine: str, *, seconds: float) -> list[Sample]:
        """Samples of the last `seconds` before the newest, oldest first, without their processes."""
        key = keys.sample_history(machine)
        with translated(self._url):
            newest = cast(list[tuple[str, float]], self._client.zrange(key, -1, -1, withscores=True))
            if not newest:
                return []
            oldest = newest[0][1] - min(seconds, self._history_seconds)
            texts = cast(list[str], self._client.zrangebyscore(key, oldest, "+inf"))
        return [_sample(text) for text in texts]

    def machines(self) -> list[str]:
        """Machines of which there is a sample, by name; those whose sample has expired are forgotten."""
        with translated(self._url):
            names = sorted(cast(set[str], self._client.smembers(keys.SAMPLED)))
            with self._client.pipeline(transaction=False) as asking:
                for name in names:
                    asking.exists(keys.sample(name))
                there = asking.execute() if names else []
            living = [name for name, found in zip(names, there, strict=True) if found]
            if gone := set(names) - set(living):
                self._client.srem(keys.SAMPLED, *gone)
        return living


def _text(data: dict[str, Any]) -> str:
    return json.dumps(data, ensure_ascii=False, separators=(",", ":"))


def _sample(text: str) -> Sample:
    return from_json(Sample, json.loads(text))
