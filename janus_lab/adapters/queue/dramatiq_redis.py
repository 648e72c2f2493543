"""The job queue over Dramatiq on Redis: one queue a priority, and a message carries a run's id and nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from janus_lab.adapters.redis.client import open_client, translated
from janus_lab.ports.job_queue import JobQueue
from janus_lab.values.run import Priority

if TYPE_CHECKING:
    from redis import Redis

    from janus_lab.adapters.queue.doorbell import DoorbellBroker


def queue_name(priority: Priority) -> str:
    """The queue of that priority."""
    return priority.value


def new_broker(client: Redis) -> DoorbellBroker:
    """A broker over `client`, which answers in bytes. Failed messages are retried, ever later, and parked in the end."""
    from dramatiq.middleware import Retries, ShutdownNotifications

    from janus_lab.adapters.queue.doorbell import DoorbellBroker
    from janus_lab.adapters.queue.message import MAX_BACKOFF_MS, MAX_RETRIES, MIN_BACKOFF_MS

    retries = Retries(max_retries=MAX_RETRIES, min_backoff=MIN_BACKOFF_MS, max_backoff=MAX_BACKOFF_MS)
    return DoorbellBroker(client, [ShutdownNotifications(notify_shutdown=True), retries])


@contextmanager
def open_broker(redis_url: str) -> Iterator[DoorbellBroker]:
    """A broker on the server at `redis_url`. Raises StoreUnreachable."""
    with open_client(redis_url, decode_responses=False) as client:
        yield new_broker(client)


@contextmanager
def open_queue(redis_url: str) -> Iterator[JobQueue]:
    """The queues on the server at `redis_url`. Raises StoreUnreachable."""
    with open_broker(redis_url) as broker:
        yield DramatiqQueue(broker, redis_url)


class DramatiqQueue:
    """Puts messages for the worker's actors into their queues."""

    def __init__(self, broker: DoorbellBroker, redis_url: str) -> None:
        self._broker = broker
        self._url = redis_url

    def enqueue(self, run_id: str, priority: Priority, *, delay_seconds: float = 0.0) -> None:
        """Queue the run, to be delivered not before the delay is over."""
        from janus_lab.adapters.queue.message import run_message

        message = run_message(run_id, priority, queue_name(priority))
        with translated(self._url):
            self._broker.enqueue(message, delay=round(delay_seconds * 1000) if delay_seconds > 0 else None)
