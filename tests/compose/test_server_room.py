"""What a room of servers says of itself where its server does not answer."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from native_stack.ports import reserve

from janus_lab.compose.server_room import ServerRoom
from janus_lab.settings import load_settings
from janus_lab.values.health import Verdict


def test_a_server_that_does_not_answer_is_named_and_no_worker_is_made_up(tmp_path: Path) -> None:
    port = reserve()
    settings = replace(load_settings(tmp_path / "data"), redis_url=f"redis://:secret@127.0.0.1:{port.number}/0")
    room = ServerRoom(settings, {})
    state = room.state()
    port.release()
    assert not state.running
    assert (state.worker_pid, state.workers) == (None, ())
    assert f"127.0.0.1:{port.number}" in state.failure
    assert "secret" not in state.failure
    (check,) = room.checks()
    assert check.verdict is Verdict.FAILED
    assert f"127.0.0.1:{port.number}" in check.detail
