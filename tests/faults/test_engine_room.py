"""The engine room on real processes: whatever is killed, nothing is lost and nothing is left."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import pytest
from redis import Redis

from janus_lab.adapters.engine_room.attach import attach
from janus_lab.adapters.engine_room.inspect import inspect, stop
from janus_lab.adapters.engine_room.paths import RoomPaths, socket_path
from janus_lab.adapters.engine_room.record import Phase, read_record
from janus_lab.errors import Defect, EngineRoomFailed, SettingsError
from janus_lab.values.run import Priority

from .conftest import OPENER, gone, until

pytestmark = pytest.mark.fault

CLIENT = """
import sys, time
from pathlib import Path
from redis import Redis
from janus_lab.adapters.engine_room.attach import attach
found = attach(Path(sys.argv[1]), start=True, idle_seconds=float(sys.argv[2]), opener="echo_worker:open_echo")
client = Redis.from_url(found.redis_url)
client.ping()
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


def test_attaching_to_a_running_room_is_quick(room):
    room.up()
    begun = time.perf_counter()
    for _ in range(20):
        room.attach()
    assert (time.perf_counter() - begun) / 20 < 0.1  # starting one takes several times as long


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
        os.kill(before.server_pid, signal.SIGKILL)
        until(lambda: room.state.server_pid not in (None, before.server_pid), what="another server")
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


def test_a_killed_supervisor_leaves_no_orphans_and_the_next_start_works(room):
    before = room.up()
    with Redis.from_url(room.attach().redis_url) as client:
        client.set("kept", "yes")
    os.kill(before.supervisor_pid, signal.SIGKILL)
    until(lambda: gone(before.supervisor_pid))
    found = room.attach()
    assert found.started_now
    assert gone(before.supervisor_pid, before.server_pid, before.worker_pid)
    with Redis.from_url(found.redis_url) as client:
        assert client.get("kept") == b"yes"
    room.enqueue("after")
    assert room.done("after")


def test_a_killed_supervisor_leaves_no_orphans_though_nobody_comes(room):
    before = room.up()
    os.kill(before.supervisor_pid, signal.SIGKILL)
    until(lambda: gone(before.server_pid, before.worker_pid), what="server and worker to end")
    assert not room.state.running


def test_the_room_outlives_the_killed_client_that_started_it_and_stops_when_idle(room):
    client = client_process(room.home, idle_seconds=1.5, holds_seconds=60)
    supervisor, server, started = map(int, client.stdout.readline().split())
    assert started
    time.sleep(3.0)
    assert room.state.supervisor_pid == supervisor, "a connected client keeps it"
    os.killpg(client.pid, signal.SIGINT)
    client.wait(10)
    client.stdout.close()
    assert not gone(supervisor), "a Ctrl-C in the client is not for the room"
    until(lambda: gone(supervisor, server), 15, "the idle room to stop")
    assert not socket_path(room.home).exists()
    assert room.state.failure == ""


def test_a_room_with_open_work_is_not_idle(room):
    room.attach(idle_seconds=1.5)
    room.enqueue("sleep-4-x", Priority.BATCH)
    until(lambda: "sleep-4-x" in room.notes("ended"), 20, "the work to end")
    until(lambda: not room.state.running, 15, "the idle room to stop")
    assert room.state.stopped
    assert room.state.asked_at is None, "nobody had it end"


def test_racing_starters_get_one_server(room):
    clients = [client_process(room.home, idle_seconds=600, holds_seconds=0) for _ in range(6)]
    found = [tuple(map(int, client.communicate(timeout=60)[0].split())) for client in clients]
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


def test_a_worker_that_must_be_mended_says_what_to_do(room):
    with pytest.raises(SettingsError, match="called Bob"):  # noqa: PT012 - whichever attach meets it
        room.attach(opener="echo_worker:open_wrong")
        until(lambda: not room.state.running)
        room.attach()
    assert room.state.failure == "the model is called Bob"
    time.sleep(5.0)
    assert room.up().failure == "", "after a while it is tried again"


def test_a_worker_without_services_is_a_defect(room):
    with pytest.raises(Defect, match="no_such_module"):  # noqa: PT012
        room.attach(opener="no_such_module:open_it")
        until(lambda: not room.state.running)
        room.attach()


def test_a_worker_that_never_lasts_is_given_up_with_its_last_words(room):
    pids = room.attach(opener="echo_worker:open_dying")
    until(lambda: not room.state.running, what="the room to give up")
    assert "last words of a worker" in room.state.failure
    with pytest.raises(EngineRoomFailed, match="again and again"):
        room.attach()
    until(lambda: gone(pids.supervisor_pid, pids.server_pid))


def test_a_stopped_worker_leaves_its_run_to_be_resumed(room):
    room.up()
    room.enqueue("sleep-60-a")
    until(lambda: "sleep-60-a" in room.notes("begun"))
    begun = time.monotonic()
    assert stop(room.home)
    assert time.monotonic() - begun < 8.0
    room.up()
    until(lambda: room.notes("begun").count("sleep-60-a") == 2, what="the run to be taken up again")


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
