"""The engine room on real processes: whatever is killed, nothing is lost and nothing is left."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import psutil
import pytest
from redis import Redis
from waiting import until

from janus_lab.adapters.engine_room.attach import attach
from janus_lab.adapters.engine_room.inspect import inspect, stop
from janus_lab.adapters.engine_room.paths import RoomPaths, socket_path
from janus_lab.adapters.engine_room.record import Phase, read_record
from janus_lab.errors import Defect, EngineRoomFailed, SettingsError
from janus_lab.values.run import Priority

from .conftest import OPENER, gone, processes_in

pytestmark = [pytest.mark.fault, pytest.mark.timeout(600)]

CLIENT = """
import sys, time
from pathlib import Path
from redis import Redis
from janus_lab.adapters.engine_room.attach import attach
from redis.exceptions import ConnectionError
while True:
    found = attach(Path(sys.argv[1]), start=True, idle_seconds=float(sys.argv[2]), opener="echo_worker:open_echo")
    client = Redis.from_url(found.redis_url)
    try:
        client.ping()
        break
    except ConnectionError:
        continue  # so late that the room had ended already
print(found.supervisor_pid, found.server_pid, int(found.started_now), flush=True)
time.sleep(float(sys.argv[3]))
"""


def client_process(home, idle_seconds: float, holds_seconds: float) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", CLIENT, str(home), str(idle_seconds), str(holds_seconds)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True)


def test_a_room_starts_works_and_leaves_nothing(room):
    assert room.attach(start=False).redis_url == ""
    assert room.attach().started_now
    assert not room.attach().started_now
    room.enqueue("run-1")
    assert room.done("run-1")
    pids = room.pids()
    assert None not in pids
    assert stop(room.home)
    assert gone(*pids)
    assert not socket_path(room.home).exists()
    assert not room.state.running
    assert room.state.asked_at is not None, "somebody had it end"
    assert not stop(room.home)


def test_attaching_to_a_running_room_starts_nothing_and_costs_little(room, monkeypatch):
    room.up()
    monkeypatch.setattr("janus_lab.adapters.engine_room.attach.start_supervisor", None)
    begun = time.process_time()
    for _ in range(20):
        assert not room.attach().started_now
    assert (time.process_time() - begun) / 20 < 0.1


def test_its_state_names_its_processes_and_clients(room):
    state = room.up()
    assert state.server_version.startswith("valkey ")
    assert state.started_at == pytest.approx(time.time(), abs=60)
    assert state.clients == 0
    with Redis.from_url(room.attach().redis_url) as client:
        client.ping()
        assert room.state.clients == 1


def test_a_killed_server_is_started_again_with_its_data(room):
    before = room.up()
    with Redis.from_url(room.attach().redis_url) as client:
        client.set("kept", "yes")
        room.written()
        os.kill(before.server_pid, signal.SIGKILL)
        until(lambda: room.state.server_pid not in (None, before.server_pid), "another server")
        assert room.attach().redis_url
        assert client.get("kept") == b"yes"
    room.enqueue("after")
    assert room.done("after")
    assert room.state.worker_pid == before.worker_pid


def test_a_killed_worker_is_started_again_and_the_queue_goes_on(room):
    before = room.up()
    room.enqueue("sleep-60-a")
    until(lambda: "sleep-60-a" in room.notes("begun"))
    (room.home / "open-runs").write_text("recovered")
    os.kill(before.worker_pid, signal.SIGKILL)
    room.enqueue("after")
    assert room.done("after")
    assert room.done("recovered")
    assert room.state.worker_pid != before.worker_pid
    assert room.state.server_pid == before.server_pid


def holds_files(pid: int) -> bool:
    """Whether it can still write anywhere: what has ended can't, though nobody has asked yet how it ended."""
    try:
        return psutil.Process(pid).num_fds() > 0
    except psutil.Error:
        return False


def test_a_killed_supervisor_leaves_no_orphans_and_the_next_start_works(room):
    before = room.up()
    with Redis.from_url(room.attach().redis_url) as client:
        client.set("kept", "yes")
    os.kill(before.supervisor_pid, signal.SIGKILL)
    until(lambda: gone(before.supervisor_pid))
    found = room.attach()
    assert found.started_now
    assert not any(map(holds_files, (before.server_pid, before.worker_pid))), "they were out before it began"
    until(lambda: gone(before.supervisor_pid, before.server_pid, before.worker_pid), "the old ones to be gone")
    with Redis.from_url(found.redis_url) as client:
        assert client.get("kept") == b"yes"
    room.enqueue("after")
    assert room.done("after")


def test_a_killed_supervisor_leaves_no_orphans_though_nobody_comes(room):
    before = room.up()
    os.kill(before.supervisor_pid, signal.SIGKILL)
    until(lambda: gone(before.server_pid, before.worker_pid), "server and worker to end")
    assert not room.state.running


def test_the_room_outlives_the_killed_client_that_started_it_and_stops_when_idle(room):
    client = client_process(room.home, idle_seconds=1.5, holds_seconds=60)
    supervisor, server, started = map(int, client.stdout.readline().split())
    assert started
    time.sleep(3.0)
    assert room.state.supervisor_pid == supervisor, "a connected client keeps it"
    os.killpg(client.pid, signal.SIGINT)
    client.wait(60)
    client.stdout.close()
    until(lambda: gone(supervisor, server), "the idle room to stop")
    assert room.state.stopped
    assert room.state.asked_at is None, "a Ctrl-C in the client is not for the room"
    assert not socket_path(room.home).exists()
    assert room.state.failure == ""


def test_a_room_with_open_work_is_not_idle(room):
    client = client_process(room.home, idle_seconds=1.5, holds_seconds=600)
    try:
        supervisor, _, _ = map(int, client.stdout.readline().split())
        room.enqueue("sleep-4-x", Priority.BATCH)
    finally:
        client.kill()
        client.communicate()
    until(lambda: "sleep-4-x" in room.notes("ended"), "the work to end")
    assert room.state.supervisor_pid in (supervisor, None), "no other room had to be started for it"
    until(lambda: not room.state.running, "the idle room to stop")
    assert room.state.stopped
    assert room.state.asked_at is None, "nobody had it end"


def test_racing_starters_get_one_server(room):
    clients = [client_process(room.home, idle_seconds=600, holds_seconds=0) for _ in range(6)]
    found = [tuple(map(int, client.communicate(timeout=180)[0].split())) for client in clients]
    assert len({(supervisor, server) for supervisor, server, _ in found}) == 1
    assert sum(started for _, _, started in found) == 1


def test_whoever_comes_while_it_stops_gets_another_room(room):
    before = room.up()
    os.kill(before.supervisor_pid, signal.SIGTERM)
    until(lambda: read_record(RoomPaths(room.home).record).phase is not Phase.RUNNING)
    found = room.attach()
    assert found.supervisor_pid != before.supervisor_pid
    with Redis.from_url(found.redis_url) as client:
        assert client.ping()


@pytest.mark.parametrize("name", ["with spaces and üñïçødé \U0001f98a", "long-" + "x" * 150, "per%cent?and#hash"])
def test_any_path_will_do(tmp_path, new_room, name):
    room = new_room(tmp_path / name / "home")
    room.up()
    room.enqueue("run")
    assert room.done("run")


def test_a_worker_that_must_be_mended_says_what_to_do(room, fresh_seconds):
    with pytest.raises(SettingsError, match="called Bob"):  # noqa: PT012 - whichever attach meets it
        room.attach(opener="echo_worker:open_wrong")
        until(lambda: not room.state.running)
        room.attach()
    assert room.state.failure == "the model is called Bob"
    fresh_seconds(0.0)
    assert room.up().failure == "", "after a while it is tried again"


@pytest.mark.usefixtures("fresh_seconds")
def test_a_worker_without_services_is_a_defect(room):
    with pytest.raises(Defect, match="no_such_module"):  # noqa: PT012
        room.attach(opener="no_such_module:open_it")
        until(lambda: not room.state.running)
        room.attach()


@pytest.mark.usefixtures("fresh_seconds")
def test_a_worker_that_never_lasts_is_given_up_with_its_last_words(room):
    with pytest.raises(EngineRoomFailed, match="again and again"):  # noqa: PT012 - whichever attach meets it
        room.attach(opener="echo_worker:open_dying")
        until(lambda: not room.state.running, "the room to give up")
        room.attach()
    assert "last words of a worker" in room.state.failure
    until(lambda: not processes_in(room.home), "its processes to be gone")


def test_a_stopped_worker_leaves_its_run_to_be_resumed(room):
    room.up()
    room.enqueue("sleep-600-a")
    until(lambda: "sleep-600-a" in room.notes("begun"))
    assert stop(room.home)
    assert room.notes("ended") == [], "nobody waits for a run"
    room.up()
    until(lambda: room.notes("begun").count("sleep-600-a") == 2, "the run to be taken up again")


def test_a_server_whose_data_is_broken_is_told_with_its_own_words(room):
    room.up()
    assert stop(room.home)
    log = next((room.home / "server" / "appendonlydir").glob("*.manifest"))
    log.write_text("this is no manifest\n")
    with pytest.raises(EngineRoomFailed, match="server ended"):
        room.attach()
    assert not room.state.running
    assert inspect(room.home).failure
    log.unlink()


def test_what_a_kill_left_of_other_sockets_and_records_does_no_harm(room):
    room.home.mkdir()
    (room.home / "engine-room.json").write_text('{"phase": "running", "half')
    socket_path(room.home).write_text("not a socket")
    assert attach(room.home, start=True, opener=OPENER).started_now
