"""What agents know, which steps are done and what rates are owed outlive the server that keeps them."""

from __future__ import annotations

import os
import signal

import pytest
from waiting import until

from janus_lab.adapters.agent_states.redis import open_agent_states
from janus_lab.adapters.steps.redis import open_steps
from janus_lab.adapters.throttle.redis import open_throttle
from janus_lab.ports.step_claims import StepClaim
from janus_lab.values.rate import Rate

pytestmark = pytest.mark.fault

SLOW = Rate(0.001)


def test_they_are_the_same_after_a_kill_also_for_those_who_were_connected(room):
    before = room.up()
    url = room.attach().redis_url
    with open_agent_states(url) as states, open_steps(url) as steps, open_throttle(url) as throttle:
        states.write("planner", {"plan": ["read"]}, expected=0)
        second = states.write("planner", {"plan": ["read", "write"]}, expected=1)
        _, fence = steps.take("tidy", "ada", 600)
        assert steps.finish("tidy", "ada", fence, keep_seconds=600)
        _, held = steps.take("count", "ada", 600)
        assert throttle.wait_seconds("host", SLOW) == 0.0
        room.written()
        os.kill(before.server_pid, signal.SIGKILL)
        until(lambda: room.state.server_pid not in (None, before.server_pid), "another server")
        assert states.read("planner") == second
        assert states.write("planner", {}, expected=1) is None
        assert states.write("planner", {}, expected=2).version == 3
        assert [state.version for state in states.history("planner")] == [3, 2, 1]
        assert steps.take("tidy", "bob", 600) == (StepClaim.DONE, 0)
        assert steps.take("count", "bob", 600) == (StepClaim.HELD, 0)
        assert steps.finish("count", "ada", held, keep_seconds=600)
        assert steps.take("more", "bob", 600)[1] > held
        assert throttle.wait_seconds("host", SLOW) > 500.0
