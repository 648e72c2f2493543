"""A Dramatiq broker on RabbitMQ: every message is confirmed, a lost connection is taken up once, poison is parked with its reason."""

from __future__ import annotations

import time
from functools import partial
from typing import TYPE_CHECKING, Any

import pika
import structlog
from dramatiq.brokers.rabbitmq import RabbitmqBroker, _RabbitmqConsumer, _RabbitmqMessage
from dramatiq.common import current_millis, dq_name, q_name, xq_name
from dramatiq.errors import ConnectionClosed, DecodeError
from pika.adapters.utils.connection_workflow import AMQPConnectorException
from pika.exceptions import AMQPChannelError, AMQPConnectionError, AMQPError, ConnectionBlockedTimeout, UnroutableError

from janus_lab.adapters.amqp_client import NO_SUCH_QUEUE
from janus_lab.adapters.queue.answers import BROKER_ANSWERS
from janus_lab.adapters.queue.message import NO_MESSAGE, decoded, reason_of

if TYPE_CHECKING:
    from dramatiq import Message
    from dramatiq.broker import MessageProxy
    from dramatiq.middleware import Middleware

_log = structlog.get_logger(__name__)
_LOST = (AMQPConnectionError, AMQPChannelError, AMQPConnectorException, OSError)
_ATTEMPTS = 2
DIED_AT, REASON, QUEUE = "janus_died_at", "janus_reason", "janus_queue"
"""Headers of a parked message: seconds since the epoch as text, why, and from where."""


class ParkingBroker(RabbitmqBroker):
    """Publishes with confirms; each thread has a connection of its own, made anew after it was lost."""

    def __init__(self, parameters: pika.ConnectionParameters, middleware: list[Middleware]) -> None:
        super().__init__(confirm_delivery=True, middleware=middleware)
        self.parameters = parameters

    @property
    def consumer_class(self) -> type[_RabbitmqConsumer]:
        """The consumer that parks what it can't hand on."""
        return ParkingConsumer

    def enqueue(self, message: Message[Any], *, delay: int | None = None) -> Message[Any]:
        """Queue a message durably, to be delivered after `delay` milliseconds. Raises ConnectionClosed, caused by the driver's."""
        queue_name = message.queue_name
        if delay is not None:
            queue_name = dq_name(queue_name)
            message = message.copy(queue_name=queue_name, options={"eta": current_millis() + delay})
        self.emit_before("enqueue", message, delay)
        self._attempt(lambda: self._declare_and_publish(queue_name, message))
        self.emit_after("enqueue", message, delay)
        return message

    def publish(self, queue_name: str, body: bytes, headers: dict[str, str] | None = None) -> None:
        """Put some bytes into a queue that is there, durably, and wait until the broker has them."""
        self.channel.basic_publish(
            exchange="",
            routing_key=queue_name,
            body=body,
            properties=pika.BasicProperties(delivery_mode=2, headers=headers),
            mandatory=True,
        )

    def park(self, queue_name: str, body: bytes, reason: str) -> None:
        """Put a message that nobody can handle among the dead letters of its queue."""
        canonical = q_name(queue_name)
        headers = {DIED_AT: repr(time.time()), REASON: reason, QUEUE: canonical}
        self._attempt(lambda: self.publish(xq_name(canonical), body, headers))

    def _declare_and_publish(self, queue_name: str, message: Message[Any]) -> None:
        canonical = q_name(queue_name)
        self.declare_queue(canonical)
        if canonical in self.queues_pending:
            self._declare_queue(canonical)  # type: ignore[no-untyped-call]
            self._declare_dq_queue(canonical)  # type: ignore[no-untyped-call]
            self._declare_xq_queue(canonical)  # type: ignore[no-untyped-call]
            self.queues_pending.discard(canonical)
        self.publish(queue_name, message.encode())

    def _attempt(self, publish: Any) -> None:
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                publish()
            except _LOST as error:
                del self.connection
                if isinstance(error, UnroutableError):
                    # The queues are gone, with the broker's data.
                    self.queues_pending.update(self.queues)
                if attempt == _ATTEMPTS or isinstance(error, ConnectionBlockedTimeout):
                    raise ConnectionClosed(error) from error
            else:
                return


class ParkingConsumer(_RabbitmqConsumer):
    """Hands on what is a message of its queue, and parks the rest."""

    def __init__(self, broker: ParkingBroker, queue_name: str, prefetch: int, timeout: int) -> None:
        try:
            super().__init__(broker, queue_name, prefetch, timeout)  # type: ignore[no-untyped-call]
        except (AMQPConnectorException, OSError) as error:
            raise ConnectionClosed(error) from error
        _log.warning(BROKER_ANSWERS, queue=queue_name)

    def __next__(self) -> MessageProxy | None:
        """The next message, or None after at most `timeout` milliseconds."""
        try:
            method, _, body = next(self.iterator)
        except (AssertionError, *_LOST) as error:
            if getattr(error, "reply_code", None) == NO_SUCH_QUEUE:
                self.broker.queues_pending.add(q_name(self.queue_name))
            raise ConnectionClosed(error) from error
        if method is None:
            return None
        try:
            message = decoded(body, self.queue_name)
        except DecodeError:
            self._park(method.delivery_tag, body, NO_MESSAGE)
            return None
        self.known_tags.add(method.delivery_tag)
        proxy: MessageProxy = _RabbitmqMessage(method.redelivered, method.delivery_tag, message)
        return proxy

    def nack(self, message: MessageProxy) -> None:
        """The message has failed for good."""
        tag, exception = message._tag, message._exception  # noqa: SLF001 - Dramatiq's own consumers read them, too
        if tag not in self.known_tags:
            return  # its connection was lost, so it is delivered again
        self.known_tags.discard(tag)
        self._park(tag, message.encode(), reason_of(exception))

    def _park(self, tag: int, body: bytes, reason: str) -> None:
        try:
            self.broker.park(self.queue_name, body, reason)
            done = partial(self.channel.basic_ack, tag)
        except ConnectionClosed:
            # The broker itself parks what is rejected, only without a reason.
            done = partial(self.channel.basic_nack, tag, requeue=False)
        try:
            self.connection.add_callback_threadsafe(done)
        except AMQPError as error:
            raise ConnectionClosed(error) from error
