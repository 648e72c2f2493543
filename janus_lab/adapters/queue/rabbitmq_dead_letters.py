"""What waits and what is parked in the queues on RabbitMQ."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from janus_lab.adapters.amqp_client import NO_SUCH_QUEUE, open_connection, translated
from janus_lab.adapters.queue.dramatiq_rabbitmq import queue_name
from janus_lab.ports.dead_letters import DeadLetters
from janus_lab.values.queue import DeadLetter, QueueLength
from janus_lab.values.run import Priority

if TYPE_CHECKING:
    from pika.adapters.blocking_connection import BlockingChannel, BlockingConnection

_QUEUES = tuple(queue_name(priority) for priority in Priority)


@dataclass(frozen=True, slots=True)
class _Parked:
    """One parked message that this channel has taken and not yet acknowledged."""

    tag: int
    body: bytes
    letter: DeadLetter


@contextmanager
def open_dead_letters(broker_url: str) -> Iterator[DeadLetters]:
    """The parked messages of the broker at `broker_url`; every call has a connection of its own."""
    yield RabbitmqDeadLetters(broker_url)


class RabbitmqDeadLetters:
    """Dramatiq's dead-letter queues, whose messages expire after a week.

    AMQP has no way to look at a message without taking it: it is taken, not acknowledged, and given back in its place, by the
    broker itself if the looker dies meanwhile. Who looks at the same moment sees less.
    """

    def __init__(self, broker_url: str) -> None:
        self._url = broker_url

    def lengths(self) -> list[QueueLength]:
        """How much waits in each queue, is delayed (as far as no worker keeps it) and is parked."""
        with open_connection(self._url) as connection, translated(self._url):
            return [
                QueueLength(
                    queue, _count(connection, queue), _count(connection, f"{queue}.DQ"), None, _dead(connection, queue)
                )
                for queue in _QUEUES
            ]

    def dead(self, *, limit: int = 100) -> list[DeadLetter]:
        """The parked messages, oldest first."""
        with open_connection(self._url) as connection, translated(self._url):
            found = [parked.letter for queue in _QUEUES for parked in _taken(connection, queue, limit)]
        return sorted(found, key=lambda letter: letter.died_at or 0.0)[:limit]

    def redrive(self, ids: Collection[str] | None = None) -> int:
        """Queue parked messages again (None: all of them); how many there were. Each is confirmed before it leaves."""
        return self._dispose(ids, again=_queued_again)

    def discard(self, ids: Collection[str] | None = None) -> int:
        """Drop parked messages for good (None: all of them); how many there were."""
        return self._dispose(ids, again=_dropped)

    def _dispose(self, ids: Collection[str] | None, *, again: Callable[[BlockingChannel, str, _Parked], None]) -> int:
        done = 0
        with open_connection(self._url) as connection, translated(self._url):
            for queue in _QUEUES:
                channel = connection.channel()
                channel.confirm_delivery()
                for parked in _taken(connection, queue, _dead(connection, queue), channel):
                    if ids is None or parked.letter.id in ids:
                        again(channel, queue, parked)
                        channel.basic_ack(parked.tag)
                        done += 1
                channel.close()  # what was not chosen goes back to its place
        return done


def _count(connection: BlockingConnection, queue: str) -> int:
    """Messages ready in a queue; 0 where there is none, which closes the channel that asked."""
    from pika.exceptions import ChannelClosedByBroker

    channel = connection.channel()
    try:
        return int(channel.queue_declare(queue, passive=True).method.message_count)
    except ChannelClosedByBroker as error:
        if error.reply_code == NO_SUCH_QUEUE:
            return 0
        raise
    finally:
        if channel.is_open:
            channel.close()


def _dead(connection: BlockingConnection, queue: str) -> int:
    return _count(connection, f"{queue}.XQ")


def _taken(
    connection: BlockingConnection, queue: str, limit: int, channel: BlockingChannel | None = None
) -> Iterator[_Parked]:
    """Take up to `limit` parked messages of a queue; without a channel of the caller's, they go back at the end."""
    count = min(limit, _dead(connection, queue))
    if not count:
        return
    ours = channel or connection.channel()
    for _ in range(count):
        method, properties, body = ours.basic_get(f"{queue}.XQ")
        if method is None:
            break
        yield _Parked(method.delivery_tag, body, _letter(queue, properties.headers or {}, body))
    if channel is None:
        ours.close()


def _letter(queue: str, headers: dict[str, object], body: bytes) -> DeadLetter:
    from janus_lab.adapters.queue.message import readable, run_id_of
    from janus_lab.adapters.queue.parking_broker import DIED_AT, REASON

    died_at = None
    with suppress(ValueError):
        died_at = float(str(headers.get(DIED_AT)))
    reason = str(headers.get(REASON) or "it was rejected")
    message = readable(body)
    if message is None:
        return DeadLetter(hashlib.sha256(body).hexdigest()[:32], queue, "", reason, died_at)
    return DeadLetter(message.message_id, queue, run_id_of(message), reason, died_at)


def _queued_again(channel: BlockingChannel, queue: str, parked: _Parked) -> None:
    import pika

    from janus_lab.adapters.queue.message import afresh, readable

    message = readable(parked.body)
    body = parked.body if message is None else afresh(message).encode()
    channel.basic_publish("", queue, body, pika.BasicProperties(delivery_mode=2), mandatory=True)


def _dropped(channel: BlockingChannel, queue: str, parked: _Parked) -> None:
    """Nothing is to be done but the acknowledgement."""
