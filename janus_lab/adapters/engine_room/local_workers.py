"""Start this machine's workers for servers that are elsewhere, once a data directory."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path

from janus_lab.adapters.engine_room.attach import WORKER_OPENER, StartOptions, start_supervisor, too_late
from janus_lab.adapters.engine_room.directory import prepare, reported
from janus_lab.adapters.engine_room.locks import held, locked
from janus_lab.adapters.engine_room.paths import RoomPaths
from janus_lab.adapters.engine_room.record import Phase, read_record
from janus_lab.errors import EngineRoomFailed


def start_workers(
    home: Path,
    *,
    processes: int,
    opener: str = WORKER_OPENER,
    environment: Mapping[str, str] | None = None,
    wait_seconds: float = 60.0,
) -> bool:
    """Start `processes` workers under a supervisor; False if they run already. Raises EngineRoomFailed and its like."""
    paths = RoomPaths(home.absolute())
    options = StartOptions(opener, 600.0, environment or {}, ("--processes", str(processes)))
    deadline = time.monotonic() + wait_seconds
    with reported(paths):
        prepare(paths)
        with locked(paths.starter_lock, wait_seconds=wait_seconds) as ours:
            if not ours:
                raise too_late(paths, wait_seconds)
            if _running(paths):
                return False
            start_supervisor(paths, options, wait_seconds=deadline - time.monotonic())
            return True


def _running(paths: RoomPaths) -> bool:
    record = read_record(paths.record)
    if record is None or record.phase is not Phase.RUNNING or not held(paths.supervisor_lock):
        return False
    if record.socket:
        raise EngineRoomFailed(
            f"an embedded engine room runs in {paths.home}",
            remedy="run `janus down` first: it and workers for servers do not share a data directory",
        )
    return True
