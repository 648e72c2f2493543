"""The job queue over Dramatiq on RabbitMQ: one durable queue a priority, every message confirmed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from janus_lab.adapters.amqp_client import open_connection, parameters, translated
from janus_lab.ports.job_queue import JobQueue
from janus_lab.values.run import Priority

if TYPE_CHECKING:
    from janus_lab.adapters.queue.parking_broker import ParkingBroker


def queue_name(priority: Priority) -> str:
    """The queue of that priority; its name says whose it is, as a virtual host may be shared."""
    return f"janus.{priority.value}"


@contextmanager
def open_broker(broker_url: str, name: str = "janus-worker") -> Iterator[ParkingBroker]:
    """A broker that reconnects by itself; failed messages are retried, ever later, and parked in the end."""
    from dramatiq.middleware import Retries, ShutdownNotifications

    from janus_lab.adapters.queue.message import MAX_BACKOFF_MS, MAX_RETRIES, MIN_BACKOFF_MS
    from janus_lab.adapters.queue.parking_broker import ParkingBroker

    retries = Retries(max_retries=MAX_RETRIES, min_backoff=MIN_BACKOFF_MS, max_backoff=MAX_BACKOFF_MS)
    broker = ParkingBroker(parameters(broker_url, name), [ShutdownNotifications(notify_shutdown=True), retries])
    try:
        yield broker
    finally:
        broker.close()


@contextmanager
def open_queue(broker_url: str) -> Iterator[JobQueue]:
    """The queues of the broker at `broker_url`. Raises StoreUnreachable, AccessDenied or EngineTooOld."""
    with open_connection(broker_url, "janus-client"):
        pass
    with open_broker(broker_url, "janus-client") as broker:
        yield RabbitmqQueue(broker, broker_url)


class RabbitmqQueue:
    """Puts messages for the workers' actors into their queues; any thread may."""

    def __init__(self, broker: ParkingBroker, broker_url: str) -> None:
        self._broker = broker
        self._url = broker_url

    def enqueue(self, run_id: str, priority: Priority, *, delay_seconds: float = 0.0) -> None:
        """Queue the run, to be delivered not before the delay is over."""
        from janus_lab.adapters.queue.message import run_message

        message = run_message(run_id, priority, queue_name(priority))
        with translated(self._url):
            self._broker.enqueue(message, delay=round(delay_seconds * 1000) if delay_seconds > 0 else None)
