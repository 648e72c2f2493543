"""An engine room of this data directory: a server and a worker in processes of their own, started when they are needed."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from typing import Any

from janus_lab.adapters.engine_room.attach import Attachment, attach
from janus_lab.adapters.engine_room.inspect import inspect, stop
from janus_lab.adapters.engine_room.presence import Presence
from janus_lab.compose.links import open_link
from janus_lab.compose.stores import full_disk
from janus_lab.errors import EngineRoomFailed, JanusError, SettingsError
from janus_lab.ports.engine_room import EngineRoom, Link, RoomState
from janus_lab.settings import Settings, environment_of
from janus_lab.values.health import Check, Verdict

TRUST_SECONDS = 2.0
"""So long an engine room that was there is taken to be there still."""


class ProcessRoom(EngineRoom):
    """A server and a worker under a supervisor, shared by every client of the data directory."""

    def __init__(self, settings: Settings, *, start: bool, restart: bool = True, overrides: Mapping[str, Any]) -> None:
        _require_one_worker(settings)
        self._settings = settings
        self._environment = environment_of(overrides)
        self._start = start
        self._restart = restart
        self._made_at = time.time()
        self._lock = threading.Lock()
        self._link: Link | None = None
        self._presence: Presence | None = None
        self._redis_url = ""
        self._attached_at = 0.0
        self._resources = ExitStack()
        self._closed = False

    def link(self, announce: Callable[[str], None]) -> Link:
        """Attach, starting the engine room if need be; a room that was stopped meanwhile is started again, if that is wished."""
        with self._lock:
            return self._trusted() or self._opened(self._attached_or_started(), announce)

    def reached(self) -> Link | None:
        """Attach to a room that runs."""
        with self._lock:
            if trusted := self._trusted():
                return trusted
            attachment = self._attached(start=False)
            return self._opened(attachment, lambda _line: None) if attachment.redis_url else None

    def _attached_or_started(self) -> Attachment:
        """A room that somebody stopped since this was made is left alone, if that is wished; one that ended for want of clients never."""
        found = self._attached(start=self._start and self._restart)
        if found.redis_url or self._restart or not self._start:
            return found
        asked_at = self.state().asked_at
        if asked_at is not None and asked_at >= self._made_at:
            return found
        return self._attached(start=True)

    def _trusted(self) -> Link | None:
        if time.monotonic() - self._attached_at < TRUST_SECONDS:
            return self._link
        if self._presence is None or not self._presence.there():
            return None
        self._attached_at = time.monotonic()
        return self._link

    def _attached(self, *, start: bool) -> Attachment:
        return attach(
            self._settings.home,
            start=start,
            idle_seconds=self._settings.idle_seconds,
            server_memory_mb=self._settings.redis_memory_mb,
            environment=self._environment,
        )

    def _opened(self, attachment: Attachment, announce: Callable[[str], None]) -> Link:
        if attachment.started_now:
            announce(f"Janus started its engine room for {self._settings.home} (`janus down` stops it)")
        if self._link is None or attachment.redis_url != self._redis_url:
            self._disconnect()
            self._link = open_link(self._settings, attachment.redis_url, self._resources)
            self._redis_url = attachment.redis_url
        if self._presence is not None:
            self._presence.close()
        self._presence = Presence(self._settings.home, attachment)
        self._attached_at = time.monotonic()
        link = self._link
        if self._closed:  # meanwhile, by another thread; a client that stays would keep the room from ending
            self._disconnect()
            raise EngineRoomFailed("the lab was closed", remedy="open it again")
        return link

    def start(self, announce: Callable[[str], None]) -> None:
        """Attach; that starts it."""
        self.link(announce)

    def state(self) -> RoomState:
        """What the supervisor wrote down and what answers."""
        return inspect(self._settings.home)

    def distress(self) -> JanusError | None:
        """A full disk stops server and stores alike; a room that somebody stopped is not started behind their back."""
        if self.state().stopped:
            return EngineRoomFailed(
                "the engine room was stopped while this waited", remedy="`janus up` goes on with every open run"
            )
        return full_disk(self._settings.home)

    def checks(self) -> list[Check]:
        """Server and worker; that none runs is no failure."""
        state = self.state()
        if state.failure:
            remedy = f"read {self._settings.home / 'logs'}, mend the cause, then `janus up`"
            return [Check("engine room", Verdict.FAILED, state.failure, remedy)]
        if not state.running:
            return [Check("engine room", Verdict.OK, "not running; it starts on first use")]
        worker = Check("worker", Verdict.OK, f"process {state.worker_pid}, ready")
        if not state.worker_ready:
            worker = Check("worker", Verdict.WARNING, "not ready yet", "wait some seconds; else read logs/worker.log")
        server = Check(
            "server", Verdict.OK, f"{state.server_version}, process {state.server_pid}, {state.clients} clients"
        )
        return [server, worker]

    def stop(self) -> bool:
        """Stop supervisor, worker and server."""
        with self._lock:
            self._disconnect()
            return stop(self._settings.home)

    def close(self) -> None:
        """Disconnect for good. A thread that is just attaching need not be waited for: it disconnects itself."""
        self._closed = True
        self._disconnect()

    def _disconnect(self) -> None:
        self._link = None
        if self._presence is not None:
            self._presence.close()
        self._presence = None
        self._resources.close()


def _require_one_worker(settings: Settings) -> None:
    """An embedded engine room has one worker: its vector store has one owner, and its queue one reader."""
    if settings.worker_processes > 1:
        raise SettingsError(
            f"worker_processes is {settings.worker_processes}, and an embedded engine room has one worker",
            remedy="leave worker_processes out, or use servers (`janus init --stack`)",
        )
    if settings.broker_url:
        raise SettingsError(
            "broker_url names a server, and redis_url does not",
            remedy="set redis_url to a server as well, or leave broker_url out",
        )
