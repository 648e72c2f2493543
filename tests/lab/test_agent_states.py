"""What agents know, through the front door: of an inline lab, and of an engine room that outlives its clients."""

from __future__ import annotations

import threading

import pytest

from janus_lab import open_lab
from janus_lab.errors import NotFound, StateChanged, UserError


@pytest.fixture
def lab(tmp_path):
    with open_lab(tmp_path / ".janus", inline=True) as opened:
        yield opened


def test_a_state_is_made_changed_and_forgotten(lab):
    with pytest.raises(NotFound):
        lab.agent_states.read("planner")
    assert lab.agent_states.update("planner", lambda content: {**content, "plan": ["read"]}).version == 1
    lab.agent_states.update("planner", lambda content: {"plan": [*content["plan"], "write"]})
    assert lab.agent_states.read("planner").content == {"plan": ["read", "write"]}
    assert [state.version for state in lab.agent_states.history("planner")] == [2, 1]
    assert lab.agent_states.names() == ["planner"]
    assert lab.agent_states.forget("planner")
    assert lab.agent_states.names() == []


def test_a_write_after_somebody_elses_says_so(lab):
    lab.agent_states.write("planner", {"n": 1}, expected=0)
    with pytest.raises(StateChanged, match="no longer at version 0"):
        lab.agent_states.write("planner", {"n": 2}, expected=0)
    assert lab.agent_states.read("planner").content == {"n": 1}


def test_what_can_not_be_kept_is_refused(lab):
    with pytest.raises(UserError, match="can't be kept"):
        lab.agent_states.update("planner", lambda _: {"file": object()})


def test_updates_of_many_threads_are_all_kept(lab):
    def add() -> None:
        for _ in range(10):
            lab.agent_states.update("sum", lambda content: {"n": content.get("n", 0) + 1})

    threads = [threading.Thread(target=add) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert lab.agent_states.read("sum").content == {"n": 40}


def test_an_update_that_never_comes_first_gives_up(lab):
    def interfered(content):
        lab.agent_states.update("planner", lambda content: {"n": content.get("n", 0) + 1})
        return {"mine": True}

    with pytest.raises(StateChanged, match="100 times"):
        lab.agent_states.update("planner", interfered)
    assert "mine" not in lab.agent_states.read("planner").content
