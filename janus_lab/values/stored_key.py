"""Keys of the server that holds leases, claims, queues and events, as somebody sees them who looks at it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

KEYS_FOUND = 1000
"""So many keys are looked for unless more or fewer are asked for."""
MEMBERS_READ = 100
"""So many members of a key likewise."""


@dataclass(frozen=True, slots=True)
class StoredKey:
    r"""One key, without its value.

    `name` is text in which what is no printable text stands as `\xNN` and a backslash as `\\`, so that it names exactly one
    key. `type` is the server's word: string, hash, list, set, zset, stream. `family` says what it is to us, such as `claim`;
    "" for a key of a kind that is not known here. `length` counts members, or bytes of a string.
    """

    name: str
    type: str
    family: str = ""
    ttl_seconds: float | None = None
    """Until it expires by itself; None: never."""
    memory_bytes: int | None = None
    """What it takes in the server, estimated by it; None where it does not tell."""
    length: int | None = None


@dataclass(frozen=True, slots=True)
class KeyPage:
    """Keys that a pattern meets, by name. `complete` is false where there are more than were looked for or at."""

    pattern: str
    at: float
    keys: tuple[StoredKey, ...] = ()
    complete: bool = True
    note: str = ""
    """Why there is nothing to see, or not everything."""
    seconds: float = 0.0
    """How long looking took: who looks again and again should look more seldom where that is long."""


@dataclass(frozen=True, slots=True)
class KeyContent:
    """One key with what is in it, bounded, at `at` (seconds since the epoch by the server's clock).

    `about` says what such a key is for, and `loss` what is lost with it. `facts` and `members` are what it means, JSON-ready,
    with units in the names (`…_at` seconds since the epoch, `…_seconds`, `…_bytes`); empty where that is not known. `raw` is
    what the server holds, a pair of strings a member. Of more than `shown` members the others were not read.
    """

    key: StoredKey
    at: float
    about: str = ""
    loss: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)
    members: tuple[Mapping[str, Any], ...] = ()
    raw: tuple[tuple[str, str], ...] = ()
    shown: int = 0
