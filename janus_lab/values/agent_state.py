"""What an agent knows between its steps."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from janus_lab.errors import UserError

KEPT_VERSIONS = 20
"""So many versions before the latest are kept."""
LARGEST_STATE = 1_000_000
"""Characters of JSON."""
LONGEST_NAME = 200


@dataclass(frozen=True, slots=True)
class AgentState:
    """One version of an agent's state; `content` is JSON-ready, `at` is seconds since the epoch by the server's clock."""

    agent: str
    version: int
    content: Mapping[str, Any]
    at: float


def encoded(agent: str, content: Mapping[str, Any]) -> str:
    """`content` as JSON. Raises UserError when it is no JSON object or too large, or when `agent` is no name."""
    if not agent.strip() or len(agent) > LONGEST_NAME or not agent.isprintable():
        raise UserError(
            f"{agent[:LONGEST_NAME]!r} can't be the name of an agent",
            remedy=f"give it a name of 1 to {LONGEST_NAME} printable characters",
        )
    try:
        text = json.dumps(dict(content), allow_nan=False, separators=(",", ":"))
    except (TypeError, ValueError, RecursionError) as error:
        raise UserError(
            f"the state of {agent} can't be kept: {error}", remedy="keep text, numbers, lists and mappings of them"
        ) from error
    if len(text) > LARGEST_STATE:
        raise UserError(
            f"the state of {agent} has {len(text):,} characters, and {LARGEST_STATE:,} may be kept",
            remedy="keep what is large as a document, and its id in the state",
        )
    return text
