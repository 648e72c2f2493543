"""Attach to the engine room of a data directory, or start it: any number of racing callers end up in the same one."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from janus_lab.adapters.engine_room.directory import prepare, reported
from janus_lab.adapters.engine_room.locks import held, locked
from janus_lab.adapters.engine_room.paths import RoomPaths
from janus_lab.adapters.engine_room.record import Phase, read_record
from janus_lab.adapters.engine_room.report import Outcome, receive
from janus_lab.adapters.engine_room.server import CLIENT_NAME, last_lines, server_url
from janus_lab.adapters.redis import keys
from janus_lab.adapters.redis.client import open_client, translated
from janus_lab.errors import EngineRoomFailed, StoreUnreachable

WORKER_OPENER = "janus_lab.compose.worker:open_worker"
_FRESH_FAILURE_SECONDS = 5.0
"""So long an engine room that gave up is not started again, so that those who were at work in it learn why."""


@dataclass(frozen=True, slots=True)
class Attachment:
    """A way to the server of an engine room; `redis_url` is empty where none runs and none was to be started."""

    redis_url: str
    started_now: bool
    supervisor_pid: int | None = None
    server_pid: int | None = None


@dataclass(frozen=True, slots=True)
class StartOptions:
    """How an engine room is to be started."""

    opener: str
    idle_seconds: float
    environment: Mapping[str, str]
    arguments: tuple[str, ...] = ()


def attach(
    home: Path,
    *,
    start: bool,
    wait_seconds: float = 60.0,
    idle_seconds: float = 600.0,
    server_memory_mb: int = 0,
    opener: str = WORKER_OPENER,
    environment: Mapping[str, str] | None = None,
) -> Attachment:
    """Find the engine room of `home`; where none runs and `start` is set, start it. A few milliseconds when it runs.

    `opener` is the `module:function` that the worker opens its services with, `environment` what is added to the
    environment of the room's processes; they, `idle_seconds` and what its server may hold (0: no limit) count for the starter.
    Raises EngineRoomFailed, DataDirectoryUnusable or DiskFull.
    """
    paths = RoomPaths(home.absolute())
    with reported(paths):
        if found := _attached(paths):
            return found
        if not start:
            return Attachment("", started_now=False)
        _raise_fresh_failure(paths)
        prepare(paths)
        memory = ("--server-memory-mb", str(server_memory_mb))
        options = StartOptions(opener, idle_seconds, environment or {}, memory)
        return _start_once(paths, options, wait_seconds=wait_seconds)


def _start_once(paths: RoomPaths, options: StartOptions, *, wait_seconds: float) -> Attachment:
    deadline = time.monotonic() + wait_seconds
    with locked(paths.starter_lock, wait_seconds=wait_seconds) as ours:
        if not ours:
            raise too_late(paths, wait_seconds)
        while True:
            if found := _attached(paths):
                return found
            start_supervisor(paths, options, wait_seconds=deadline - time.monotonic())
            if found := _attached(paths):
                return Attachment(found.redis_url, True, found.supervisor_pid, found.server_pid)
            # It may have given up already: then it would do so again and again until it was too late.
            _raise_fresh_failure(paths)
            if time.monotonic() > deadline:
                raise too_late(paths, wait_seconds)


def _attached(paths: RoomPaths) -> Attachment | None:
    record = read_record(paths.record)
    if record is None or record.phase is not Phase.RUNNING or not held(paths.supervisor_lock):
        return None
    if not record.socket:
        raise EngineRoomFailed(
            f"workers for servers run in {paths.home}",
            remedy="run `janus down` first: they and an embedded engine room do not share a data directory",
        )
    url = server_url(record.socket, f"{CLIENT_NAME}:{os.getpid()}")
    if not _counted(url) and not _counted_after_restart(paths, url):
        return None
    now = read_record(paths.record)
    if now is None or now.phase is not Phase.RUNNING or not held(paths.supervisor_lock):
        return None
    return Attachment(url, False, now.supervisor_pid, now.server_pid)


def _counted_after_restart(paths: RoomPaths, url: str) -> bool:
    """The supervisor lives and the server doesn't answer: it is being started again, or all of it is about to end."""
    deadline = time.monotonic() + 10.0
    while time.monotonic() < deadline and held(paths.supervisor_lock):
        if _counted(url):
            return True
        time.sleep(0.02)
    return False


def _counted(url: str) -> bool:
    """Come in, if the server answers. The supervisor counts who does before it stops for idleness; it says that it stops before it counts."""
    try:
        with open_client(url, retries=0) as client, translated(url):
            client.incr(keys.ATTACHED)
    except StoreUnreachable:
        return False
    return True


def start_supervisor(paths: RoomPaths, options: StartOptions, *, wait_seconds: float) -> None:
    """Start a supervisor and wait until it says that work can be queued; the caller holds the starter's lock."""
    reading, writing = os.pipe()
    command = [sys.executable, "-P", "-m", "janus_lab.jobs.engine_room", "--home", str(paths.home), "--detach"]
    command += ["--report-fd", str(writing), "--idle-seconds", str(options.idle_seconds), "--opener", options.opener]
    command += options.arguments
    log = paths.log("supervisor")
    try:
        try:
            with log.open("ab") as output:
                # It forks and its first process ends at once: no child of ours is left, and no terminal signals reach it.
                subprocess.run(  # noqa: S603 - our own interpreter with our own arguments
                    command,
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    pass_fds=(writing,),
                    start_new_session=True,
                    cwd=paths.home,
                    env={**os.environ, **options.environment},
                    check=False,
                )
        finally:
            os.close(writing)
        outcome = receive(reading, wait_seconds=max(0.0, wait_seconds))
    finally:
        os.close(reading)
    _raise_failure(outcome, log)


def _raise_failure(outcome: Outcome | None, log: Path) -> None:
    if outcome is not None and outcome.failure is not None:
        raise outcome.failure.error()
    if outcome is not None and not outcome.reported:
        raise EngineRoomFailed(
            f"the engine room's supervisor ended at its start: {last_lines(log)}",
            remedy=f"read {log} and mend the cause, then try again",
        )


def _raise_fresh_failure(paths: RoomPaths) -> None:
    record = read_record(paths.record)
    if record is None or record.failure is None or record.phase is not Phase.FAILED or record.started_at is None:
        return  # a room that never ran has told whoever started it
    if 0 <= time.time() - record.written_at < _FRESH_FAILURE_SECONDS:
        raise record.failure.error()


def too_late(paths: RoomPaths, wait_seconds: float) -> EngineRoomFailed:
    """The error for an engine room that took too long."""
    return EngineRoomFailed(
        f"the engine room of {paths.home} did not start within {wait_seconds:.0f} seconds",
        remedy=f"run `janus down`, read {paths.log('supervisor')}, then `janus up`",
    )
