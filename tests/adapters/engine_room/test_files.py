"""Paths, locks, records and reports: the small parts that an engine room and its clients agree by."""

from __future__ import annotations

import os
import subprocess
import sys
import threading

import pytest

from janus_lab.adapters.engine_room import paths as paths_module
from janus_lab.adapters.engine_room.directory import unusable
from janus_lab.adapters.engine_room.locks import acquire, held, locked
from janus_lab.adapters.engine_room.paths import SOCKET_PATH_BYTES, RoomPaths, socket_path
from janus_lab.adapters.engine_room.record import Phase, Record, read_record, write_record
from janus_lab.adapters.engine_room.report import Failure, Outcome, Reporter, receive
from janus_lab.adapters.engine_room.server import binary, last_lines, server_url
from janus_lab.errors import DataDirectoryUnusable, DiskFull, EngineRoomFailed, SettingsError


def test_a_short_home_keeps_its_socket(tmp_path):
    assert socket_path(tmp_path) == tmp_path / "engine-room.sock"


def test_a_long_home_has_a_socket_of_its_own_in_a_private_folder(tmp_path):
    one, two = tmp_path / ("x" * 120), tmp_path / ("ü" * 60)
    found = {socket_path(one), socket_path(two), socket_path(one)}
    assert len(found) == 2
    for socket in found:
        assert len(os.fsencode(socket)) <= SOCKET_PATH_BYTES
        assert socket.parent.stat().st_mode & 0o077 == 0
        assert socket.parent.stat().st_uid == os.geteuid()


@pytest.mark.parametrize("trap", ["open to all", "a link", "a file", "others may move it"])
def test_a_folder_that_others_could_enter_is_refused(tmp_path, monkeypatch, trap):
    folder, elsewhere = tmp_path / f"janus-lab-{os.geteuid()}", tmp_path / "elsewhere"
    elsewhere.mkdir(mode=0o700)
    if trap == "open to all":
        folder.mkdir()
        folder.chmod(0o777)
    elif trap == "others may move it":
        tmp_path.chmod(0o777)
    elif trap == "a link":
        folder.symlink_to(elsewhere)
    else:
        folder.write_text("")
    assert not paths_module._made_private(folder)


def test_of_two_processes_one_holds_a_lock_and_its_end_frees_it(tmp_path):
    lock = tmp_path / "lock"
    code = "import sys,time\nfrom pathlib import Path\nfrom janus_lab.adapters.engine_room.locks import acquire\n"
    code += "acquire(Path(sys.argv[1]), wait_seconds=60)\nprint('held', flush=True)\ntime.sleep(60)"
    assert not held(lock)
    with subprocess.Popen([sys.executable, "-c", code, str(lock)], stdout=subprocess.PIPE) as other:
        assert other.stdout.readline() == b"held\n"
        assert held(lock)
        assert acquire(lock, wait_seconds=0.05) is None
        other.kill()
    with locked(lock, wait_seconds=60) as ours:
        assert ours
        assert held(lock)
    assert not held(lock)


def test_a_lock_lives_as_long_as_a_child_that_inherited_it(tmp_path):
    descriptor = acquire(tmp_path / "lock", wait_seconds=0)
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE, pass_fds=[descriptor])
    os.close(descriptor)
    assert held(tmp_path / "lock")
    child.communicate(b"\n", timeout=60)
    assert not held(tmp_path / "lock")


def test_a_record_comes_back_as_it_was(tmp_path):
    file = RoomPaths(tmp_path).record
    record = Record(
        Phase.FAILED, 1, 2, 3, (3, 4), socket="/a b/ü.sock", started_at=12.5, failure=Failure("code", "what", "do")
    )
    write_record(file, record)
    found = read_record(file)
    assert found.written_at > 0
    assert (found.phase, found.supervisor_pid, found.socket) == (Phase.FAILED, 1, "/a b/ü.sock")
    assert (found.worker_pid, found.worker_pids) == (3, (3, 4))
    assert found.failure == record.failure
    assert list(tmp_path.iterdir()) == [file]


@pytest.mark.parametrize("text", ["", "{", "[]", '{"phase": "dancing", "failure": null}', '{"failure": {"x": 1}}'])
def test_a_broken_record_is_none(tmp_path, text):
    (tmp_path / "record").write_text(text)
    assert read_record(tmp_path / "record") is None


def test_readers_never_see_half_a_record(tmp_path):
    file = tmp_path / "record"
    write_record(file, Record(Phase.RUNNING))
    over = threading.Event()
    broken: list[int] = []

    def read() -> None:
        while not over.is_set():
            if read_record(file) is None:
                broken.append(1)

    thread = threading.Thread(target=read)
    thread.start()
    for pid in range(200):
        write_record(file, Record(Phase.RUNNING, supervisor_pid=pid, socket="s" * 100 * (pid % 7)))
    over.set()
    thread.join()
    assert not broken


def test_an_error_goes_through_a_pipe_as_what_it_is():
    reading, writing = os.pipe()
    Reporter(writing).failed(SettingsError("what", remedy="do"))
    outcome = receive(reading, wait_seconds=1)
    os.close(reading)
    error = outcome.failure.error()
    assert type(error) is SettingsError
    assert (error.message, error.remedy) == ("what", "do")
    assert type(Failure("no-such-code", "m", "r").error()) is EngineRoomFailed


def test_silence_success_and_a_closed_pipe_are_told_apart():
    reading, writing = os.pipe()
    assert receive(reading, wait_seconds=0.05) is None
    reporter = Reporter(writing)
    reporter.succeeded()
    reporter.succeeded()
    assert receive(reading, wait_seconds=1) == Outcome(reported=True)
    assert receive(reading, wait_seconds=1) == Outcome(reported=False)
    os.close(reading)


def test_a_report_to_nobody_does_no_harm():
    reading, writing = os.pipe()
    os.close(reading)
    Reporter(writing).succeeded()
    Reporter(None).succeeded()


def test_an_error_of_the_disk_is_told_apart_from_one_of_the_folder(tmp_path):
    assert type(unusable(RoomPaths(tmp_path), OSError(28, "No space left on device"))) is DiskFull
    assert type(unusable(RoomPaths(tmp_path), OSError(30, "Read-only file system"))) is DataDirectoryUnusable


def test_the_server_is_in_its_package():
    assert os.access(binary(), os.X_OK)


def test_a_url_keeps_what_is_special_in_a_path():
    assert (
        server_url("/a b/ü%?#.sock", "janus-client:1")
        == "unix:///a%20b/%C3%BC%25%3F%23.sock?client_name=janus-client%3A1"
    )


def test_the_last_lines_of_a_log(tmp_path):
    log = tmp_path / "log"
    assert last_lines(log) == "(no log)"
    log.write_text("")
    assert last_lines(log) == "(empty log)"
    log.write_text("".join(f"line {n}\n" for n in range(5000)))
    assert last_lines(log, 2) == "line 4998 / line 4999"
