"""What a client or a worker needs of an engine room's servers."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack, nullcontext

from janus_lab.compose.stores import opened_once
from janus_lab.errors import EngineRoomFailed
from janus_lab.ports.dead_letters import DeadLetters
from janus_lab.ports.engine_room import Link
from janus_lab.schemes import factory
from janus_lab.settings import Settings


def open_link(settings: Settings, redis_url: str, resources: ExitStack) -> Link:
    """Open events, claims, leases and the queue. Runs are queued at `broker_url`, or on the server at `redis_url` without one.

    Raises EngineRoomFailed without a URL, StoreUnreachable, AccessDenied or EngineTooOld.
    """
    if not redis_url:
        raise EngineRoomFailed("the engine room is not running", remedy="`janus up` starts it")
    broker_url = settings.url("broker_url") or redis_url
    events = resources.enter_context(
        factory("events", redis_url)(
            redis_url, expiry_seconds=settings.event_expiry_seconds, max_length=settings.events_per_run
        )
    )
    claims = resources.enter_context(factory("claims", redis_url)(redis_url))
    samples = resources.enter_context(factory("samples", redis_url)(redis_url, expiry_seconds=settings.stale_seconds))
    leases = resources.enter_context(factory("leases", redis_url)(redis_url))
    queue = resources.enter_context(factory("queue", broker_url)(broker_url))
    open_keyspace = factory("keyspace", redis_url)
    return Link(
        events,
        claims,
        queue,
        _letters(broker_url, resources),
        agent_states=opened_once("agent states", redis_url, resources),
        keyspace=lambda: open_keyspace(redis_url),
        samples=samples,
        leases=leases,
    )


def _letters(broker_url: str, resources: ExitStack) -> Callable[[], AbstractContextManager[DeadLetters]]:
    """What opens the queues for a look. RabbitMQ's connections need tending, so that none is kept between two looks."""
    if broker_url.startswith("amqp"):
        open_letters = factory("dead letters", broker_url)
        return lambda: open_letters(broker_url)
    letters = opened_once("dead letters", broker_url, resources)
    return lambda: nullcontext(letters())
