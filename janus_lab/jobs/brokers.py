"""Which broker brings the runs: the one that the settings name, else the server of claims and events."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from janus_lab.settings import Settings
from janus_lab.values.run import Priority

if TYPE_CHECKING:
    from dramatiq import Broker


@dataclass(frozen=True, slots=True)
class Brokers:
    """How a worker opens a broker, and what a priority's queue is called there."""

    open: Callable[[], AbstractContextManager[Broker]]
    queue_name: Callable[[Priority], str]


def chosen_brokers(settings: Settings) -> Brokers:
    """The broker at `broker_url`, or at `redis_url` where there is none of its own."""
    broker_url, redis_url = settings.url("broker_url"), settings.url("redis_url")
    if broker_url.startswith("amqp"):
        from janus_lab.adapters.queue import dramatiq_rabbitmq

        return Brokers(lambda: dramatiq_rabbitmq.open_broker(broker_url), dramatiq_rabbitmq.queue_name)
    from janus_lab.adapters.queue import dramatiq_redis

    url = broker_url or redis_url
    return Brokers(lambda: dramatiq_redis.open_broker(url), dramatiq_redis.queue_name)
