"""A look into the server that holds leases, claims, queues and events, for a person."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import AbstractContextManager

from janus_lab.errors import EngineRoomFailed, JanusError, NotFound, UserError
from janus_lab.lab.board_feed import Feed
from janus_lab.ports.engine_room import Link
from janus_lab.ports.keyspace import Keyspace
from janus_lab.values.stored_key import KEYS_FOUND, MEMBERS_READ, KeyContent, KeyPage

OURS = "{janus}"
"""What the names of all our keys begin with."""
LOOK_SECONDS = 3.0
"""So long keys are looked for: a server may hold many millions that are not ours."""
_NOT_RUNNING = "the engine room is not running"
_START = "`janus up` starts it"


class Keys:
    """The keys of the server of the engine room that `link` leads to. Only those of Janus, unless `everything` is asked for.

    A name or pattern may leave out the `{janus}:` that ours begin with. `link` gives None where no engine room runs: looking
    starts none.
    """

    def __init__(self, link: Callable[[], Link | None]) -> None:
        self._link = link
        self.feed: Feed[KeyPage] = Feed(self._looked)
        """Reads keys for displays that are live."""

    def find(self, pattern: str = "*", *, everything: bool = False, limit: int = KEYS_FOUND) -> KeyPage:
        """Keys by a pattern (`*`, `?`, `[ab]`; a word without any of these: names that begin with it), by name."""
        whole = _pattern(pattern, everything=everything)
        link = self._link()
        if link is None:
            return KeyPage(whole, time.time(), note=f"{_NOT_RUNNING}: {_START}")
        with link.keyspace() as keyspace:
            return keyspace.find(whole, limit=limit, seconds=LOOK_SECONDS)

    def read(self, name: str, *, everything: bool = False, limit: int = MEMBERS_READ) -> KeyContent:
        """One key, what it means and what the server holds, with at most `limit` of its members. Raises NotFound."""
        with self._opened() as keyspace:
            found = keyspace.read(whole_name(name, everything=everything), limit=limit)
        if found is None:
            raise _missing(name)
        return found

    def delete(self, name: str, *, everything: bool = False) -> None:
        """Delete one key; `read` says what is lost with it. Raises NotFound."""
        with self._opened() as keyspace:
            if not keyspace.delete(whole_name(name, everything=everything)):
                raise _missing(name)

    def close(self) -> None:
        """End live displays' feed."""
        self.feed.close()

    def _looked(self, pattern: str | None) -> KeyPage:
        """As `find`; what can't be reached leaves a note and raises nothing."""
        try:
            return self.find(pattern or "*")
        except JanusError as error:
            return KeyPage(pattern or "*", time.time(), complete=False, note=error.message)

    def _opened(self) -> AbstractContextManager[Keyspace]:
        link = self._link()
        if link is None:
            raise EngineRoomFailed(_NOT_RUNNING, remedy=_START)
        return link.keyspace()


def whole_name(name: str, *, everything: bool = False) -> str:
    """The name of a key as the server has it; with `everything` it is that already. Raises UserError without a name."""
    if not name:
        raise UserError("a key without a name is meant", remedy="list keys with `janus keys`")
    return name if everything or name.startswith(OURS) else f"{OURS}:{name}"


def _pattern(pattern: str, *, everything: bool) -> str:
    begun = pattern if set(pattern) & set("*?[") else f"{pattern}*"
    return whole_name(begun, everything=everything)


def _missing(name: str) -> NotFound:
    return NotFound(
        f"there is no key {name}", remedy="list what is there with `janus keys`; keys that expire go by themselves"
    )
