"""What an agent knows between its steps: changed only by who has read the latest version."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from janus_lab.values.agent_state import AgentState


class AgentStates(Protocol):
    """States with versions 1, 2, 3 …, the last few of which are kept."""

    def read(self, agent: str) -> AgentState | None:
        """The latest version, or None."""
        ...

    def write(self, agent: str, content: Mapping[str, Any], *, expected: int) -> AgentState | None:
        """Store a new version if `expected` is the latest's number (0: there is none); None, and nothing changes, if it is not.

        Raises UserError for what can't be kept (see `values.agent_state.encoded`).
        """
        ...

    def history(self, agent: str) -> list[AgentState]:
        """The latest version and the ones before it that are kept, newest first."""
        ...

    def agents(self) -> list[str]:
        """Agents with a state, the one that was written last first."""
        ...

    def forget(self, agent: str) -> bool:
        """Drop a state and its history; False if there was none. Numbers go on from there for a day at least."""
        ...
