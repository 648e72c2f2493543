"""States of agents in Redis: compared and set by one script, the latest version beside a list of earlier ones."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from janus_lab.adapters.redis import keys, scripts
from janus_lab.adapters.redis.client import check_version, open_client, translated
from janus_lab.adapters.redis.codes import ForgetState, WriteState
from janus_lab.ports.agent_states import AgentStates
from janus_lab.values.agent_state import KEPT_VERSIONS, AgentState, encoded

if TYPE_CHECKING:
    from redis import Redis

FORGOTTEN_MS = 24 * 3600 * 1000
"""So long the version of a forgotten state is remembered."""


@contextmanager
def open_agent_states(redis_url: str) -> Iterator[AgentStates]:
    """States on the server at `redis_url`. Raises StoreUnreachable, AccessDenied or EngineTooOld."""
    with open_client(redis_url) as client:
        check_version(client, redis_url)
        yield RedisAgentStates(client, redis_url)


class RedisAgentStates:
    """See `lua/write_state.lua` and `lua/forget_state.lua`."""

    def __init__(self, client: Redis, redis_url: str) -> None:
        self._client = client
        self._url = redis_url
        self._write = scripts.register(client, "write_state")
        self._forget = scripts.register(client, "forget_state")

    def read(self, agent: str) -> AgentState | None:
        """The latest version, or None."""
        with translated(self._url):
            return _latest(agent, self._client.hmget(keys.agent_state(agent), "version", "at", "content"))

    def write(self, agent: str, content: Mapping[str, Any], *, expected: int) -> AgentState | None:
        """Store a new version if `expected` is the latest's number (0: there is none); None, and nothing changes, if it is not."""
        text = encoded(agent, content)
        with translated(self._url):
            code, version, at = self._write(
                keys=[keys.agent_state(agent), keys.agent_history(agent), keys.AGENTS],
                args=[agent, expected, uuid.uuid4().hex, text, KEPT_VERSIONS],
            )
        if WriteState(code) is WriteState.CHANGED:
            return None
        return AgentState(agent, int(version), json.loads(text), int(at) / 1000)

    def history(self, agent: str) -> list[AgentState]:
        """The latest version and the ones before it that are kept, newest first."""
        with translated(self._url), self._client.pipeline() as asking:
            asking.hmget(keys.agent_state(agent), "version", "at", "content")
            asking.lrange(keys.agent_history(agent), 0, -1)
            newest, earlier = asking.execute()
        latest = _latest(agent, newest)
        return [latest, *(_unpacked(agent, packed) for packed in earlier)] if latest else []

    def agents(self) -> list[str]:
        """Agents with a state, the one that was written last first."""
        with translated(self._url):
            return [str(agent) for agent in self._client.zrange(keys.AGENTS, 0, -1, desc=True)]

    def forget(self, agent: str) -> bool:
        """Drop a state and its history; False if there was none."""
        with translated(self._url):
            code = self._forget(
                keys=[keys.agent_state(agent), keys.agent_history(agent), keys.AGENTS], args=[agent, FORGOTTEN_MS]
            )
        return ForgetState(code) is ForgetState.FORGOTTEN


def _latest(agent: str, fields: list[Any]) -> AgentState | None:
    version, at, content = fields
    if version is None or at is None or content is None:
        return None
    return AgentState(agent, int(version), json.loads(content), int(at) / 1000)


def _unpacked(agent: str, packed: str) -> AgentState:
    version, at, _nonce, content = packed.split(" ", 3)
    return AgentState(agent, int(version), json.loads(content), int(at) / 1000)
