"""Engine rooms on real processes, with an echo in place of the services."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest
from redis import Redis
from waiting import until

from janus_lab.adapters.engine_room.attach import Attachment, attach
from janus_lab.adapters.engine_room.inspect import inspect, stop
from janus_lab.adapters.events.redis import open_events
from janus_lab.adapters.queue.dramatiq_redis import open_queue
from janus_lab.errors import JanusError
from janus_lab.ports.engine_room import RoomState
from janus_lab.values.run import Priority

OPENER = "echo_worker:open_echo"


def gone(*pids: int | None) -> bool:
    """Whether none of these processes runs any more."""
    return not any(pid is not None and _runs(pid) for pid in pids)


def _runs(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def processes_in(home: Path) -> list[int]:
    """Those whose command names this data directory, or a file in it."""
    found = psutil.process_iter(["cmdline"])
    return [one.pid for one in found if any(str(home) in word for word in one.info["cmdline"] or ())]


@dataclass
class Room:
    """One engine room under test."""

    home: Path

    def attach(self, *, start: bool = True, idle_seconds: float = 600.0, opener: str = OPENER) -> Attachment:
        return attach(self.home, start=start, idle_seconds=idle_seconds, opener=opener)

    @property
    def state(self) -> RoomState:
        return inspect(self.home)

    def up(self, **options) -> RoomState:
        """Start it and wait for its worker."""
        self.attach(**options)
        until(lambda: self.state.worker_ready, "a worker that is ready")
        return self.state

    def pids(self) -> tuple[int | None, int | None, int | None]:
        state = self.state
        return state.supervisor_pid, state.server_pid, state.worker_pid

    def enqueue(self, run_id: str, priority: Priority = Priority.INTERACTIVE) -> None:
        with open_queue(self.attach().redis_url) as queue:
            queue.enqueue(run_id, priority)

    def done(self, run_id: str, seconds: float = 60.0) -> bool:
        """Whether the run's last event comes."""
        with open_events(self.attach(start=False).redis_url) as events:
            return bool(events.read(run_id, wait_seconds=seconds))

    def written(self) -> None:
        """Wait until the server has written its log: while the disk is slow to sync, it answers up to two seconds earlier."""
        with Redis.from_url(self.attach().redis_url) as client:
            until(lambda: not client.info("persistence")["aof_buffer_length"], "the server's log to be written")

    def notes(self, what: str) -> list[str]:
        file = self.home / "notes"
        return (
            [line.split()[1] for line in file.read_text().splitlines() if line.startswith(what)]
            if file.exists()
            else []
        )


@pytest.fixture(autouse=True)
def echo_is_importable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parent))


@pytest.fixture
def fresh_seconds(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Sets how long a room that gave up is not started again; until then that is for longer than any test takes."""

    def change(seconds: float) -> None:
        monkeypatch.setattr("janus_lab.adapters.engine_room.attach._FRESH_FAILURE_SECONDS", seconds)

    change(600.0)
    return change


@pytest.fixture
def new_room() -> Iterator[Callable[[Path], Room]]:
    """Makes rooms, and stops them after the test."""
    rooms: list[Room] = []

    def make(home: Path) -> Room:
        rooms.append(Room(home))
        return rooms[-1]

    yield make
    for room in rooms:
        pids = room.pids() if room.home.exists() else ()
        try:
            stop(room.home)
        except (JanusError, OSError) as error:
            for pid in pids:
                if pid is not None and not gone(pid):
                    os.kill(pid, 9)
            pytest.fail(f"{room.home} could not be stopped: {error}")


@pytest.fixture
def room(tmp_path: Path, new_room: Callable[[Path], Room]) -> Room:
    return new_room(tmp_path / "home")
