"""A client that stays in an engine room on real processes: whether that very room still runs."""

from __future__ import annotations

import os
import signal

import pytest
from redis import Redis
from waiting import until

from janus_lab.adapters.engine_room.inspect import stop
from janus_lab.adapters.engine_room.presence import Presence
from janus_lab.adapters.redis import keys
from janus_lab.compose.process_room import ProcessRoom
from janus_lab.errors import EngineRoomFailed
from janus_lab.settings import load_settings

pytestmark = [pytest.mark.fault, pytest.mark.timeout(600)]


@pytest.fixture
def present(room):
    room.up()
    presence = Presence(room.home, room.attach())
    yield presence
    presence.close()


def test_looking_again_is_counted_and_opens_no_connection(room, present):
    with Redis.from_url(room.attach().redis_url, decode_responses=True) as client:
        assert present.there()
        counted, opened = int(client.get(keys.ATTACHED)), connections(client)
        assert all(present.there() for _ in range(10))
        assert int(client.get(keys.ATTACHED)) == counted + 10
        present.close()
        assert present.there(), "it comes back after it left"
        # Its supervisor and its worker may open some meanwhile; ten looks may not.
        assert connections(client) - opened < 10


def test_a_room_that_has_stopped_is_there_no_more(room, present):
    assert present.there()
    assert stop(room.home)
    assert not present.there()
    room.up()
    assert not present.there(), "another room"
    again = Presence(room.home, room.attach())
    assert again.there()
    again.close()


def test_a_server_that_was_killed_is_not_the_one_that_took_its_place(room, present):
    assert present.there()
    killed = room.state.server_pid
    os.kill(killed, signal.SIGKILL)
    until(lambda: room.state.worker_ready and room.state.server_pid != killed, "another server")
    assert not present.there()


def test_a_room_that_is_closed_while_it_attaches_leaves_no_client_behind(room, monkeypatch):
    room.up()
    other = ProcessRoom(load_settings(room.home), start=False, overrides={})
    attached = other._attached

    def slow(**how):
        found = attached(**how)
        other.close()
        return found

    monkeypatch.setattr(other, "_attached", slow)
    with Redis.from_url(room.attach().redis_url, decode_responses=True) as client:
        before = len(client.client_list())
        with pytest.raises(EngineRoomFailed, match="closed"):
            other.reached()
        until(lambda: len(client.client_list()) <= before, "it to have left")


def connections(client) -> int:
    return int(client.info("stats")["total_connections_received"])
