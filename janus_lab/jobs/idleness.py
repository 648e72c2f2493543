"""Whether an engine room is still needed: by a connected client, or for work that is queued or under way."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from janus_lab.adapters.engine_room.server import CLIENT_NAME
from janus_lab.adapters.redis import keys
from janus_lab.values.run import Priority

if TYPE_CHECKING:
    from redis import Redis


class Idleness:
    """Remembers when the engine room was last needed."""

    def __init__(self, client: Redis, idle_seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._client = client
        self._idle_seconds = idle_seconds
        self._clock = clock
        self._needed_at = clock()
        self._attached = ""

    def look(self) -> bool:
        """Look at the server; whether nobody has needed it for `idle_seconds`. Raises redis's errors."""
        if self._attached_since() or self._clients() or self._open_work():
            self._needed_at = self._clock()
        return self._clock() - self._needed_at >= self._idle_seconds

    def needed_again(self) -> bool:
        """Whether somebody came since the last look: asked after saying that the room stops, so that nobody is stranded."""
        return self._attached_since() or self._clients()

    def _attached_since(self) -> bool:
        before, self._attached = self._attached, str(self._client.get(keys.ATTACHED) or "")
        return before != self._attached

    def _clients(self) -> bool:
        return any(str(entry["name"]).startswith(CLIENT_NAME) for entry in self._client.client_list())

    def _open_work(self) -> bool:
        return any(self._client.hlen(key) for priority in Priority for key in keys.queued_messages(priority.value))
