"""Becoming the one owner of a data directory, and putting an end to what a killed owner left."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager

from janus_lab.adapters.engine_room.locks import acquire
from janus_lab.adapters.engine_room.paths import RoomPaths
from janus_lab.adapters.engine_room.processes import end, is_python_module, is_server
from janus_lab.adapters.engine_room.record import Phase, read_record
from janus_lab.errors import EngineRoomFailed

WORKER_MODULE = "janus_lab.jobs.worker"
_LOOK_SECONDS = 0.2
_PREDECESSOR_SECONDS = 40.0
"""How long a supervisor that is just stopping may take: its worker and its server have 27 seconds together."""
_LEFT_OVER_SECONDS = 6.0
"""Server and worker end by themselves when their supervisor dies; after so long they are made to."""


@contextmanager
def owned(paths: RoomPaths) -> Iterator[int | None]:
    """Own the data directory inside; yields the lock that server and worker are to inherit, or None if there is an owner.

    Raises EngineRoomFailed if processes of a killed supervisor can't be ended.
    """
    alone = _alone(paths)
    if alone is None:
        yield None
        return
    try:
        room_lock = _inherit_room(paths)
        try:
            yield room_lock
        finally:
            os.close(room_lock)
    finally:
        os.close(alone)


def _alone(paths: RoomPaths) -> int | None:
    deadline = time.monotonic() + _PREDECESSOR_SECONDS
    while True:
        lock = acquire(paths.supervisor_lock, wait_seconds=_LOOK_SECONDS)
        record = read_record(paths.record) if lock is None else None
        if lock is not None or time.monotonic() > deadline or (record and record.phase is Phase.RUNNING):
            return lock


def _inherit_room(paths: RoomPaths) -> int:
    lock = acquire(paths.room_lock, wait_seconds=_LEFT_OVER_SECONDS)
    if lock is None:
        _end_left_over(paths)
        lock = acquire(paths.room_lock, wait_seconds=_LEFT_OVER_SECONDS)
    if lock is None:
        raise EngineRoomFailed(
            f"processes of an earlier engine room still own {paths.home}",
            remedy=f"end the processes that hold {paths.room_lock} (`fuser {paths.room_lock}`), then `janus up`",
        )
    return lock


def _end_left_over(paths: RoomPaths) -> None:
    record = read_record(paths.record)
    if record is None:
        return
    for pid in record.worker_pids:
        if is_python_module(pid, WORKER_MODULE, paths.home):
            end(pid, wait_seconds=_LEFT_OVER_SECONDS)
    if record.server_pid is not None and is_server(record.server_pid, record.socket):
        end(record.server_pid, wait_seconds=_LEFT_OVER_SECONDS)
