"""A Dramatiq broker on Redis whose idle consumers sleep until somebody rings, instead of polling ever more slowly."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any

import structlog
from dramatiq.brokers.redis import RedisBroker, _RedisConsumer
from dramatiq.common import q_name
from dramatiq.errors import ConnectionClosed, DecodeError
from redis.exceptions import ConnectionError as RedisConnectionError

from janus_lab.adapters.queue.answers import BROKER_ANSWERS
from janus_lab.adapters.queue.message import REASON, decoded, reason_of
from janus_lab.adapters.redis import keys

if TYPE_CHECKING:
    from dramatiq import Message
    from dramatiq.broker import MessageProxy
    from dramatiq.middleware import Middleware
    from redis import Redis

MAINTENANCE_PER_MILLION = 10_000
"""How often a look into a queue also returns the messages of workers that died: one in a hundred."""
LOOK_SECONDS = 10.0
"""How often an idle consumer looks without a ring: for messages that dead or stopped workers gave back, and as a heartbeat."""
RINGS_KEPT = 16
"""Rings that wait for a consumer; each wakes one, and a ring too many costs one empty look into the queue."""

_log = structlog.get_logger(__name__)


class DoorbellBroker(RedisBroker):
    """Rings the queue's bell after each message it has queued. `client` must answer in bytes."""

    def __init__(self, client: Redis, middleware: list[Middleware]) -> None:
        super().__init__(  # type: ignore[no-untyped-call]
            client=client,
            namespace=keys.QUEUE_NAMESPACE,
            maintenance_chance=MAINTENANCE_PER_MILLION,
            middleware=middleware,
        )

    @property
    def consumer_class(self) -> type[_RedisConsumer]:
        """The consumer that listens for the bell."""
        return DoorbellConsumer

    def enqueue(self, message: Message[Any], *, delay: int | None = None) -> Message[Any]:
        """Queue a message, to be delivered after `delay` milliseconds, and wake an idle consumer."""
        queued: Message[Any] = super().enqueue(message, delay=delay)
        bell = keys.doorbell(queued.queue_name)
        with self.client.pipeline(transaction=False) as ring:
            ring.rpush(bell, 1)
            ring.ltrim(bell, -RINGS_KEPT, -1)
            ring.execute()
        return queued


class DoorbellConsumer(_RedisConsumer):
    """Looks into the queue until it is empty, then waits for the bell; if it may not take more, for its own work to be done.

    A message is queued before its ring, and a ring stays until a consumer takes it, so none is missed. Looking is a write
    to the server (it says that this worker lives), so an idle consumer looks rarely.
    """

    def __init__(self, broker: DoorbellBroker, queue_name: str, prefetch: int, timeout: int) -> None:
        super().__init__(broker, queue_name, prefetch, timeout)  # type: ignore[no-untyped-call]
        self._room = threading.Event()
        self._may_hold_more = True
        self._looked_at = 0.0
        self._answered = False

    def __next__(self) -> MessageProxy | None:
        """The next message, or None after at most `timeout` milliseconds."""
        if not self.message_cache and self._has_room():
            try:
                self._look_or_wait()
            except RedisConnectionError as error:
                raise ConnectionClosed(error) from None
        if not self.message_cache:
            return None
        message: MessageProxy | None = super().__next__()  # type: ignore[no-untyped-call]
        return message

    def ack(self, message: MessageProxy) -> None:
        """The message is done."""
        super().ack(message)  # type: ignore[no-untyped-call]
        self._room.set()

    def nack(self, message: MessageProxy) -> None:
        """The message has failed for good: it is parked with the reason."""
        super().nack(message)  # type: ignore[no-untyped-call]
        self._note(message)
        self._room.set()

    def _has_room(self) -> bool:
        if self.outstanding_message_count < self.prefetch:
            return True
        self._room.clear()
        return self.outstanding_message_count < self.prefetch or self._room.wait(self.timeout / 1000)

    def _look_or_wait(self) -> None:
        if self._may_hold_more or time.monotonic() - self._looked_at > LOOK_SECONDS:
            self._look()
        if not self.message_cache and self._rung():
            self._look()

    def _look(self) -> None:
        wanted = self.prefetch - self.outstanding_message_count
        self.message_cache = [data for data in self.broker.do_fetch(self.queue_name, wanted) if self._is_sound(data)]
        self._may_hold_more = bool(self.message_cache)
        self._looked_at = time.monotonic()
        if not self._answered:
            self._answered = True
            _log.warning(BROKER_ANSWERS, queue=self.queue_name)

    def _is_sound(self, data: bytes | None) -> bool:
        """Whether it is a message of this queue; another one is parked, as it would stop this consumer again and again."""
        if data is None:
            return False
        try:
            sound = "redis_message_id" in decoded(data, self.queue_name).options
        except DecodeError:
            sound = False
        if not sound:
            _log.error("message-parked", queue=self.queue_name)
            self._park_unread(data)
        return sound

    def _park_unread(self, data: bytes) -> None:
        """Nobody tells the id of a message that can't be read, so it is looked for among those that were fetched."""
        client, fetched = self.broker.client, keys.fetched_messages(self.broker.broker_id, self.queue_name)
        due, delayed = keys.queued_messages(q_name(self.queue_name))
        messages = delayed if self.queue_name.endswith(".DQ") else due
        for message_id in client.smembers(fetched):
            if client.hget(messages, message_id) == data:
                self.broker.do_nack(self.queue_name, message_id)

    def _note(self, message: MessageProxy) -> None:
        exception = message._exception  # noqa: SLF001 - Dramatiq's own middleware reads it, too
        noted = message.copy(options={REASON: reason_of(exception)})
        letters = keys.dead_letters(q_name(self.queue_name))[1]
        try:
            if self.broker.client.hexists(letters, message.options["redis_message_id"]):
                self.broker.client.hset(letters, message.options["redis_message_id"], noted.encode())
        except RedisConnectionError:
            _log.warning("reason-not-noted", message=message.message_id)

    def _rung(self) -> bool:
        return self.broker.client.blpop([keys.doorbell(self.queue_name)], timeout=self.timeout / 1000) is not None
