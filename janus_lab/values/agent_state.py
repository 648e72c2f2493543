"""What an agent knows between its steps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class AgentState:
    """One version of an agent's state; `content` is JSON-ready, `at` is seconds since the epoch by the server's clock."""

    agent: str
    version: int
    content: Mapping[str, Any]
    at: float
