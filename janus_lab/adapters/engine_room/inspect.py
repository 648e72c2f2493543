"""Look at an engine room, or stop it, without starting it."""

from __future__ import annotations

import json
import os
import signal
import time
from pathlib import Path

from janus_lab.adapters.engine_room.directory import reported
from janus_lab.adapters.engine_room.locks import held
from janus_lab.adapters.engine_room.paths import RoomPaths
from janus_lab.adapters.engine_room.processes import ended, is_python_module
from janus_lab.adapters.engine_room.record import Phase, Record, read_record
from janus_lab.adapters.engine_room.server import CLIENT_NAME, server_url
from janus_lab.adapters.redis import keys
from janus_lab.adapters.redis.client import open_client, translated
from janus_lab.errors import EngineRoomFailed, StoreFailed, StoreUnreachable
from janus_lab.ports.engine_room import RoomState

SUPERVISOR_MODULE = "janus_lab.jobs.engine_room"
_ENDED = (Phase.STOPPING, Phase.STOPPED)
_PAUSE_SECONDS = 0.01


def inspect(home: Path) -> RoomState:
    """How the engine room of `home` is: its processes, its clients (processes, not connections), why it gave up if it did.

    Raises DataDirectoryUnusable if it may not be read.
    """
    paths = RoomPaths(home.absolute())
    record = read_record(paths.record)
    if record is None:
        return RoomState(running=False)
    if not _running(paths):
        gave_up = record.phase is Phase.FAILED and record.failure is not None
        failure = record.failure.message if gave_up and record.failure else ""
        return RoomState(running=False, failure=failure, stopped=record.phase in _ENDED, asked_at=_asked_at(record))
    version, clients, ready = _ask_server(record)
    return RoomState(
        running=True,
        supervisor_pid=record.supervisor_pid,
        server_pid=record.server_pid,
        worker_pid=record.worker_pid,
        worker_ready=ready,
        server_version=version,
        started_at=record.started_at,
        clients=clients,
        stopped=record.phase in _ENDED,
        asked_at=_asked_at(record),
    )


def our_processes(home: Path) -> set[int]:
    """Ids of the processes of the engine room of `home`, as its supervisor wrote them down; some may have ended since."""
    record = read_record(RoomPaths(home.absolute()).record)
    if record is None or record.phase in _ENDED:
        return set()
    return {pid for pid in (record.supervisor_pid, record.server_pid, *record.worker_pids) if pid is not None}


def stop(home: Path, *, wait_seconds: float = 90.0) -> bool:
    """Stop the engine room of `home`, worker first; False if none ran. Raises EngineRoomFailed if it does not end.

    Its worker and its server are given 27 seconds together before they are killed; a busy machine needs more for the rest.
    """
    paths = RoomPaths(home.absolute())
    deadline = time.monotonic() + wait_seconds
    told: int | None = None
    while _running(paths):
        record = read_record(paths.record)
        pid = record.supervisor_pid if record is not None else None
        if told is None and pid is not None and is_python_module(pid, SUPERVISOR_MODULE, paths.home):
            with reported(paths):
                os.kill(pid, signal.SIGTERM)
            told = pid
        if time.monotonic() > deadline:
            raise EngineRoomFailed(
                f"the engine room of {paths.home} does not stop (process {pid})",
                remedy=f"end process {pid} yourself (`kill -9 {pid}`); the data is safe",
            )
        time.sleep(_PAUSE_SECONDS)
    if told is not None:
        ended(told, wait_seconds=10.0)
    return told is not None


def _asked_at(record: Record) -> float | None:
    return record.written_at if record.asked and record.phase in _ENDED else None


def _running(paths: RoomPaths) -> bool:
    with reported(paths):
        return held(paths.supervisor_lock)


def _ask_server(record: Record) -> tuple[str, int, bool]:
    if not record.socket:
        return "", 0, False  # its workers serve servers that are not its own
    url = server_url(record.socket, "janus-probe")
    try:
        with open_client(url, retries=0) as client, translated(url):
            info = client.info("server")
            name, version = info.get("server_name", "redis"), info.get("valkey_version") or info.get("redis_version")
            names = {entry["name"] for entry in client.client_list() if entry["name"].startswith(CLIENT_NAME)}
            return (
                f"{name} {version}",
                len(names),
                record.worker_pid is not None and _worker_pid(client.get(keys.WORKER)) == record.worker_pid,
            )
    except (StoreUnreachable, StoreFailed):
        return "", 0, False


def _worker_pid(facts: object) -> object:
    """The pid that a worker showed when it was ready; one that was killed may still be shown."""
    return json.loads(str(facts))["pid"] if facts else None
