"""Disks that are full or read-only, and users who are not root."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from redis import Redis
from waiting import until

from janus_lab.adapters.claims.redis import open_claims
from janus_lab.adapters.engine_room.inspect import stop
from janus_lab.adapters.events.redis import open_events
from janus_lab.errors import DataDirectoryUnusable, DiskFull
from janus_lab.values.event import Event, EventKind

pytestmark = pytest.mark.fault

NOBODY = 65534
MEGABYTE = 1024 * 1024


@contextmanager
def mounted(folder: Path, *options: str) -> Iterator[Path]:
    """A small disk of its own at `folder`; skips where this user may not mount one."""
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", *options, "tmpfs", str(folder)]
    if os.geteuid() != 0 or shutil.which("mount") is None or subprocess.run(command, check=False).returncode != 0:
        pytest.skip("mounting a small disk needs root")
    try:
        yield folder
    finally:
        until(lambda: subprocess.run(["umount", str(folder)], check=False, capture_output=True).returncode == 0)


def fill(folder: Path) -> Path:
    """Write until nothing more fits."""
    ballast = folder / "ballast"
    with ballast.open("wb", buffering=0) as file:
        for size in (MEGABYTE, 1024, 1):
            try:
                while True:
                    file.write(b"x" * size)
            except OSError:
                continue
    return ballast


def test_a_room_is_not_started_on_a_full_disk(tmp_path, new_room):
    with mounted(tmp_path / "small", "-o", "size=12m") as disk:
        ballast = fill(disk)
        room = new_room(disk / "home")
        with pytest.raises(DiskFull) as caught:
            room.attach()
        assert "free some space" in caught.value.remedy
        ballast.unlink()
        room.up()
        assert stop(room.home)


def test_a_disk_that_fills_up_is_told_and_what_is_freed_is_used(tmp_path, new_room):
    with mounted(tmp_path / "small", "-o", "size=24m") as disk:
        room = new_room(disk / "home")
        before = room.up()
        url = room.attach().redis_url
        with open_events(url) as events, open_claims(url) as claims:
            events.append(Event("run", EventKind.TOKEN, {"text": "before"}, 1.0))
            ballast = fill(disk)

            def refused() -> bool:
                try:
                    events.append(Event("other", EventKind.TOKEN, {"text": "x" * 100_000}, 1.0))
                    claims.request_cancel("other")
                except DiskFull:
                    return True
                return False

            until(refused, "a refusal")
            assert [event.data["text"] for event in events.read("run")] == ["before"]
            ballast.unlink()
            until(lambda: not refused(), "writes to go on")
        room.enqueue("after")
        assert room.done("after")
        assert room.state.server_pid == before.server_pid
        assert stop(room.home)
        with Redis.from_url(room.attach().redis_url) as client:
            assert client.xlen("{janus}:events:run") == 1
        assert stop(room.home)


def test_a_read_only_data_directory_is_told(tmp_path, new_room):
    with mounted(tmp_path / "fixed", "-o", "ro") as disk:
        room = new_room(disk / "home")
        with pytest.raises(DataDirectoryUnusable) as caught:
            room.attach()
        assert str(room.home) in caught.value.message
        assert not room.state.running


def test_a_data_directory_that_is_a_file_is_told(tmp_path, new_room):
    (tmp_path / "home").write_text("")
    with pytest.raises(DataDirectoryUnusable):
        new_room(tmp_path / "home" / "below").attach()


USER_TOUR = """
import os, sys
from pathlib import Path
from janus_lab.adapters.engine_room.attach import attach
from janus_lab.adapters.engine_room.inspect import stop
from janus_lab.adapters.events.redis import open_events
from janus_lab.adapters.queue.dramatiq_redis import open_queue
from janus_lab.errors import DataDirectoryUnusable
from janus_lab.values.run import Priority
good, bad = Path(sys.argv[1]), Path(sys.argv[2])
assert os.geteuid() != 0
found = attach(good, start=True, opener="echo_worker:open_echo")
with open_queue(found.redis_url) as queue, open_events(found.redis_url) as events:
    queue.enqueue("run", Priority.INTERACTIVE)
    assert events.read("run", wait_seconds=60)
assert stop(good)
try:
    attach(bad, start=True, opener="echo_worker:open_echo")
except DataDirectoryUnusable as error:
    print(error)
else:
    raise AssertionError("a directory of somebody else was used")
"""


@pytest.fixture
def as_nobody() -> Callable[[list[str]], list[str]]:
    """Turns a command into the same as an ordinary user, who may read what root may (else no interpreter would be found)."""
    if os.geteuid() != 0:
        return lambda command: command
    if shutil.which("setpriv") is None:
        pytest.skip("setpriv is not installed")
    powers = [f"--{kind}-caps=-all,+dac_read_search" for kind in ("inh", "ambient")]
    return lambda command: ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", *powers, *command]


@pytest.mark.parametrize("name", ["home", "long-" + "y" * 150])
def test_an_ordinary_user_has_a_room_of_their_own(tmp_path, as_nobody, name):
    mine, others = tmp_path / "mine", tmp_path / "others"
    for folder in (mine, others):
        folder.mkdir()
    others.chmod(0o555)
    if os.geteuid() == 0:
        os.chown(mine, NOBODY, NOBODY)
    command = as_nobody([sys.executable, "-c", USER_TOUR, str(mine / name), str(others / "home")])
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=240)
    assert done.returncode == 0, done.stderr
    assert "Permission denied" in done.stdout
