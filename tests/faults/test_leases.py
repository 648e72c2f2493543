"""Leases when those who hold them, and those who serve them, are killed."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from redis import Redis
from waiting import until

from janus_lab.adapters.engine_room.paths import socket_path
from janus_lab.adapters.engine_room.server import server_url, start_server, wait_for_server
from janus_lab.adapters.leases.redis import open_leases
from janus_lab.ports.leases import Leases
from janus_lab.values.lease import CPU, Capacity, GrantState, LeaseBook, LeaseRequest, Renewal
from janus_lab.values.run import Priority

pytestmark = [pytest.mark.fault, pytest.mark.timeout(600)]

HOST = "lab-1"
TTL_SECONDS = 15.0
SAMPLE_SECONDS = 0.5
TORTURE = Path(__file__).parents[2] / "benchmarks" / "lease_torture.py"
HOLDER = """
import sys, time
from janus_lab.adapters.leases.redis import open_leases
from janus_lab.values.lease import CPU, LeaseRequest
from janus_lab.values.run import Priority
with open_leases(sys.argv[1]) as leases:
    wanted = LeaseRequest("dead", {CPU: 4}, Priority.BATCH, "holder", "be killed")
    fence = leases.request("lab-1", wanted, float(sys.argv[2])).fence
    print(fence, flush=True)
    while True:
        time.sleep(0.2)
        leases.renew("lab-1", "dead", fence, float(sys.argv[2]))
"""


def publish(leases: Leases) -> None:
    at, _ = leases.held(HOST)
    leases.publish(HOST, {CPU: Capacity(4)}, measured_at=at, stale_seconds=600.0)


def ending(leases: Leases) -> float:
    """When the one lease that there is ends, unless it is renewed."""
    (lease,) = leases.book(HOST).leases
    return lease.expires_at


@pytest.fixture
def sampled(redis_url) -> Iterator[tuple[str, list[LeaseBook]]]:
    """The URL of a server, and what a thread finds there that publishes at the pace of a sampler, after each time."""
    ended, books = threading.Event(), []

    def sample() -> None:
        with open_leases(redis_url) as leases:
            while not ended.is_set():
                publish(leases)
                books.append(leases.book(HOST))
                ended.wait(SAMPLE_SECONDS)

    with open_leases(redis_url) as leases:
        publish(leases)
    thread = threading.Thread(target=sample)
    thread.start()
    yield redis_url, books
    ended.set()
    thread.join()


def test_what_a_killed_holder_held_goes_to_the_next_within_its_life_and_a_second(sampled):
    url, books = sampled
    process = subprocess.Popen([sys.executable, "-c", HOLDER, url, str(TTL_SECONDS)], stdout=subprocess.PIPE, text=True)
    assert process.stdout
    try:
        assert int(process.stdout.readline()) > 0
        told = threading.Event()
        wanted = LeaseRequest("next", {CPU: 1}, Priority.INTERACTIVE, "waiter", "go on")
        with open_leases(url) as leases, leases.listening(HOST, lambda lease_id: told.set()):
            assert leases.request(HOST, wanted, 600.0).state is GrantState.WAITING
            ends = ending(leases)
            until(lambda: ending(leases) > ends, "a heartbeat that keeps it")
            assert not told.is_set()
            process.send_signal(signal.SIGKILL)
            process.wait()
            killed = time.time()
            assert told.wait(60.0)
        ends = max(lease.expires_at for book in books for lease in book.leases if lease.request.id == "dead")
        assert ends <= killed + TTL_SECONDS
        late = [book for book in books if book.at > ends and any(each.request.id == "next" for each in book.waiting)]
        assert len(late) <= 1, "it is granted at the sampler's next turn"
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def test_a_killed_server_has_lost_no_lease(tmp_path):
    socket, log = socket_path(tmp_path), tmp_path / "server.log"
    url = server_url(socket, "janus-tests")
    server = start_server(directory=tmp_path, socket=socket, log=log)
    wait_for_server(server, socket, log, wait_seconds=30)
    try:
        with open_leases(url) as leases:
            publish(leases)
            requests = [LeaseRequest(f"lease-{n}", {CPU: 2}, Priority.BATCH, "", "") for n in range(3)]
            grants = [leases.request(HOST, request, 600.0) for request in requests]
            before = leases.book(HOST)
            with Redis.from_url(url) as client:
                # While the disk is slow to sync, it answers up to two seconds before it writes its log.
                until(lambda: not client.info("persistence")["aof_buffer_length"], "the log to be written")
            server.kill()
            server.wait()
            server = start_server(directory=tmp_path, socket=socket, log=log)
            wait_for_server(server, socket, log, wait_seconds=30)
            after = leases.book(HOST)
            assert (after.leases, after.waiting, after.resources) == (before.leases, before.waiting, before.resources)
            assert leases.renew(HOST, requests[0].id, grants[0].fence, 600.0) is Renewal.RENEWED
            assert leases.release(HOST, requests[1].id, grants[1].fence)
            assert leases.request(HOST, requests[2], 600.0).fence > grants[1].fence
    finally:
        server.terminate()
        server.wait()


def test_nothing_is_given_away_twice_while_holders_are_killed(redis_url):
    """The full size is `python benchmarks/lease_torture.py`: 100,000 grants."""
    command = [sys.executable, str(TORTURE), "--grants", "2500", "--seconds", "200"]
    done = subprocess.run(
        [*command, "--workers", "6", "--redis-url", redis_url], capture_output=True, text=True, check=False, timeout=280
    )
    assert done.returncode == 0, done.stdout + done.stderr
    found = json.loads(done.stdout)
    assert found["granted"] >= 2500
    assert found["killed"] > 0
