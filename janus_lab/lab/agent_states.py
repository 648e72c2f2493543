"""What agents know between their steps, for Python users: read, changed only by who read the latest, with history."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Mapping
from typing import Any

from janus_lab.errors import NotFound, StateChanged
from janus_lab.ports.engine_room import EngineRoom, Link
from janus_lab.values.agent_state import AgentState

_TRIES = 100
_PAUSE_SECONDS = 0.005


class AgentStateBook:
    """The states kept in the engine room that `link` leads to; those of an inline lab end with it."""

    def __init__(self, link: Callable[[], Link]) -> None:
        self._link = link

    def names(self) -> list[str]:
        """Agents that have a state, the one that was written last first."""
        return self._link().agent_states().agents()

    def read(self, agent: str) -> AgentState:
        """The latest version. Raises NotFound for an agent without a state."""
        found = self._link().agent_states().read(agent)
        if found is None:
            raise NotFound(f"the agent {agent!r} has no state", remedy="write one with `lab.agent_states.update`")
        return found

    def history(self, agent: str) -> list[AgentState]:
        """The latest version and the ones before it that are kept, newest first."""
        return self._link().agent_states().history(agent)

    def write(self, agent: str, content: Mapping[str, Any], *, expected: int) -> AgentState:
        """Store a new version after version `expected` (0: there is none). Raises StateChanged if another is the latest."""
        written = self._link().agent_states().write(agent, content, expected=expected)
        if written is None:
            raise StateChanged(
                f"the state of {agent!r} is no longer at version {expected}",
                remedy="read it again and write what follows from it, or let `lab.agent_states.update` do both",
            )
        return written

    def update(self, agent: str, change: Callable[[Mapping[str, Any]], Mapping[str, Any]]) -> AgentState:
        """Store what `change` makes of the latest content ({} where there is none).

        It is called again if somebody else has written meanwhile. Raises StateChanged if that does not end.
        """
        states = self._link().agent_states()
        for _ in range(_TRIES):
            latest = states.read(agent)
            version, content = (latest.version, latest.content) if latest else (0, {})
            written = states.write(agent, change(content), expected=version)
            if written is not None:
                return written
            time.sleep(_PAUSE_SECONDS * random.random())  # noqa: S311 - nothing is kept secret by it
        raise StateChanged(
            f"the state of {agent!r} was changed {_TRIES} times while it was to be updated",
            remedy="let fewer processes write it, or give each a state of its own",
        )

    def forget(self, agent: str) -> bool:
        """Drop a state and its history; False if there was none. Who read it before can't write it back."""
        return self._link().agent_states().forget(agent)


class AgentUse:
    """What a lab does for agents."""

    _room: EngineRoom
    _announce: Callable[[str], None]

    @property
    def agent_states(self) -> AgentStateBook:
        """What agents know between their steps; the engine room starts when it is first asked."""
        return AgentStateBook(lambda: self._room.link(self._announce))
