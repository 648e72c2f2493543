"""What waits and what is parked in Dramatiq's queues on Redis."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, cast

from janus_lab.adapters.queue.dramatiq_redis import queue_name
from janus_lab.adapters.redis import keys, scripts
from janus_lab.adapters.redis.client import open_client, translated
from janus_lab.adapters.redis.codes import RedriveLetter
from janus_lab.ports.dead_letters import DeadLetters
from janus_lab.values.queue import DeadLetter, QueueLength
from janus_lab.values.run import Priority

if TYPE_CHECKING:
    from redis import Redis

_QUEUES = tuple(queue_name(priority) for priority in Priority)


@contextmanager
def open_dead_letters(redis_url: str) -> Iterator[DeadLetters]:
    """The parked messages on the server at `redis_url`. Raises StoreUnreachable."""
    with open_client(redis_url, decode_responses=False) as client:
        yield RedisDeadLetters(client, redis_url)


class RedisDeadLetters:
    """Dramatiq's dead-letter keys; it forgets what has been there for a week."""

    def __init__(self, client: Redis, redis_url: str) -> None:
        self._client = client
        self._url = redis_url
        self._redrive = scripts.register(client, "redrive_letter")

    def lengths(self) -> list[QueueLength]:
        """How much waits in each queue, is delayed, is under way and is parked."""
        with translated(self._url):
            return [self._length(queue) for queue in _QUEUES]

    def dead(self, *, limit: int = 100) -> list[DeadLetter]:
        """The parked messages, oldest first; looking at them changes nothing."""
        found: list[DeadLetter] = []
        with translated(self._url):
            for queue in _QUEUES:
                parked, letters = keys.dead_letters(queue)
                oldest = self._client.zrange(parked, 0, limit - 1, withscores=True)
                for message_id, died_ms in cast(list[tuple[bytes, float]], oldest):
                    data = cast(bytes | None, self._client.hget(letters, message_id))
                    if data is not None:
                        found.append(_letter(message_id.decode(), queue, data, died_ms / 1000))
        return sorted(found, key=lambda letter: letter.died_at or 0.0)[:limit]

    def redrive(self, ids: Collection[str] | None = None) -> int:
        """Queue parked messages again (None: all of them); how many there were."""
        with translated(self._url):
            return sum(
                self._queued_again(queue, message_id)
                for queue in _QUEUES
                for message_id in self._parked_ids(queue)
                if ids is None or message_id.decode() in ids
            )

    def discard(self, ids: Collection[str] | None = None) -> int:
        """Drop parked messages for good (None: all of them); how many there were."""
        dropped = 0
        with translated(self._url):
            for queue in _QUEUES:
                parked, letters = keys.dead_letters(queue)
                chosen = [i for i in self._parked_ids(queue) if ids is None or i.decode() in ids]
                if chosen:
                    with self._client.pipeline() as dropping:
                        dropping.hdel(letters, *chosen)
                        dropping.zrem(parked, *chosen)
                        dropped += dropping.execute()[0]
        return dropped

    def _length(self, queue: str) -> QueueLength:
        due, delayed = keys.queued_messages(queue)
        with self._client.pipeline(transaction=True) as asking:
            asking.llen(keys.waiting_messages(queue))
            asking.hlen(due)
            asking.hlen(delayed)
            asking.zcard(keys.dead_letters(queue)[0])
            waiting, unacknowledged, later, dead = asking.execute()
        return QueueLength(queue, waiting, later, max(0, unacknowledged - waiting), dead)

    def _parked_ids(self, queue: str) -> list[bytes]:
        return cast(list[bytes], self._client.zrange(keys.dead_letters(queue)[0], 0, -1))

    def _queued_again(self, queue: str, message_id: bytes) -> bool:
        parked, letters = keys.dead_letters(queue)
        data = cast(bytes | None, self._client.hget(letters, message_id))
        if data is None:
            return False
        where = [parked, letters, keys.waiting_messages(queue), keys.queued_messages(queue)[0], keys.doorbell(queue)]
        code = self._redrive(keys=where, args=[message_id, _renewed(data)])
        return RedriveLetter(code) is RedriveLetter.QUEUED


def _letter(message_id: str, queue: str, data: bytes, died_at: float) -> DeadLetter:
    from janus_lab.adapters.queue.message import NO_MESSAGE, REASON, readable, run_id_of

    message = readable(data)
    if message is None:
        return DeadLetter(message_id, queue, "", NO_MESSAGE, died_at)
    reason = str(message.options.get(REASON) or NO_MESSAGE)
    return DeadLetter(message_id, queue, run_id_of(message), reason, died_at)


def _renewed(data: bytes) -> bytes:
    """The message without the marks of its attempts; what can't be read goes as it is."""
    from janus_lab.adapters.queue.message import afresh, readable

    message = readable(data)
    return data if message is None else afresh(message).encode()
