"""A client that stays in the engine room it has attached to: it looks again over one connection, rather than attaching anew."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from janus_lab.adapters.engine_room.attach import Attachment
from janus_lab.adapters.engine_room.directory import reported
from janus_lab.adapters.engine_room.locks import held
from janus_lab.adapters.engine_room.paths import RoomPaths
from janus_lab.adapters.engine_room.record import Phase, read_record
from janus_lab.adapters.redis import keys
from janus_lab.adapters.redis.client import open_client, translated
from janus_lab.errors import StoreUnreachable

if TYPE_CHECKING:
    from redis import Redis


class Presence:
    """Being in the engine room of `home`, after an attachment."""

    def __init__(self, home: Path, attachment: Attachment) -> None:
        self._paths = RoomPaths(home.absolute())
        self._attachment = attachment
        self._client: Redis | None = None
        self._resources = ExitStack()

    def there(self) -> bool:
        """Whether this very room still runs; if so, its supervisor has counted us, as at an attachment.

        Raises DataDirectoryUnusable if that may not be read, AccessDenied, DiskFull or StoreFailed if the server refuses.
        """
        url = self._attachment.redis_url
        try:
            client = self._client = self._client or self._resources.enter_context(open_client(url, retries=0))
            with translated(url):
                client.incr(keys.ATTACHED)
        except StoreUnreachable:
            return False
        # Read after we were counted: the supervisor writes down that it stops, and then looks who came.
        with reported(self._paths):
            record = read_record(self._paths.record)
            if record is None or record.phase is not Phase.RUNNING or not held(self._paths.supervisor_lock):
                return False
        known = self._attachment.supervisor_pid, self._attachment.server_pid
        return (record.supervisor_pid, record.server_pid) == known

    def close(self) -> None:
        """Disconnect."""
        self._client = None
        self._resources.close()
