"""What the supervisor writes down about itself, for its clients to read without asking anybody."""

from __future__ import annotations

import json
import os
import time
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from pathlib import Path

from janus_lab.adapters.engine_room.report import Failure


class Phase(StrEnum):
    """Where an engine room stands."""

    STARTING = "starting"
    RUNNING = "running"
    STOPPING = "stopping"
    STOPPED = "stopped"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Record:
    """`engine-room.json`. Pids are None where there is no process; times are seconds since the epoch.

    `started_at` is None until the server has answered. `worker_pid` is the first of `worker_pids`; `socket` is "" where the
    workers serve servers that are not the supervisor's. `asked` says that somebody had it end, and not only that nobody needed it.
    """

    phase: Phase
    supervisor_pid: int | None = None
    server_pid: int | None = None
    worker_pid: int | None = None
    worker_pids: tuple[int, ...] = ()
    socket: str = ""
    started_at: float | None = None
    written_at: float = 0.0
    failure: Failure | None = None
    asked: bool = False


def read_record(path: Path) -> Record | None:
    """The record, or None where there is none that can be read."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        failure = data.pop("failure")
        record = Record(**data, failure=Failure(**failure) if failure else None)
        return replace(record, phase=Phase(record.phase), worker_pids=tuple(record.worker_pids))
    except (OSError, ValueError, TypeError, KeyError):
        return None


def write_record(path: Path, record: Record) -> None:
    """Replace the record at once: a reader sees the old one or the new one. Raises OSError."""
    fresh = path.with_name(f"{path.name}.{os.getpid()}")
    try:
        fresh.write_text(json.dumps(asdict(replace(record, written_at=time.time())), indent=1), encoding="utf-8")
        fresh.replace(path)
    finally:
        fresh.unlink(missing_ok=True)
