"""States of agents in the memory of one process, for the inline runner: the same law as the scripts, in plain Python."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from janus_lab.ports.agent_states import AgentStates
from janus_lab.values.agent_state import KEPT_VERSIONS, AgentState, encoded


@contextmanager
def open_agent_states(
    url: str = "memory://",  # noqa: ARG001 - one signature for every scheme
    *,
    clock: Callable[[], float] = time.time,
) -> Iterator[AgentStates]:
    """States that nobody outside this process sees. `clock` tells seconds since the epoch."""
    yield MemoryAgentStates(clock)


class MemoryAgentStates:
    """The versions of each agent's state, newest last, as (version, at, JSON)."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._versions: dict[str, list[tuple[int, float, str]]] = {}
        self._forgotten: dict[str, int] = {}

    def read(self, agent: str) -> AgentState | None:
        """The latest version, or None."""
        return next(iter(self.history(agent)), None)

    def write(self, agent: str, content: Mapping[str, Any], *, expected: int) -> AgentState | None:
        """Store a new version if `expected` is the latest's number (0: there is none); None, and nothing changes, if it is not."""
        text = encoded(agent, content)
        with self._lock:
            versions = self._versions.get(agent, [])
            if expected != (versions[-1][0] if versions else 0):
                return None
            number = (expected or self._forgotten.get(agent, 0)) + 1
            written = (number, int(self._clock() * 1000) / 1000, text)
            # Written last, it stands last among the agents, too.
            self._versions.pop(agent, None)
            self._versions[agent] = [*versions, written][-KEPT_VERSIONS - 1 :]
        return _state(agent, written)

    def history(self, agent: str) -> list[AgentState]:
        """The latest version and the ones before it that are kept, newest first."""
        with self._lock:
            versions = list(self._versions.get(agent, ()))
        return [_state(agent, version) for version in reversed(versions)]

    def agents(self) -> list[str]:
        """Agents with a state, the one that was written last first."""
        with self._lock:
            return list(reversed(self._versions))

    def forget(self, agent: str) -> bool:
        """Drop a state and its history; False if there was none."""
        with self._lock:
            versions = self._versions.pop(agent, None)
            if versions is None:
                return False
            self._forgotten[agent] = versions[-1][0]
            return True


def _state(agent: str, version: tuple[int, float, str]) -> AgentState:
    number, at, text = version
    return AgentState(agent, number, json.loads(text), at)
