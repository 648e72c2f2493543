"""The step scripts against their model in plain Python, `MemorySteps`, in whatever order they are called."""

from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from redis import Redis

from janus_lab.adapters.redis import keys
from janus_lab.adapters.steps.memory import MemorySteps
from janus_lab.adapters.steps.redis import RedisSteps
from janus_lab.ports.step_claims import StepClaim

STEPS = st.sampled_from(["s1", "s2"])
HOLDERS = st.sampled_from(["ada", "bob", "cid"])
SPANS = st.sampled_from([7000.0, 13_000.0])
"""Lives of claims and of memories; none ends within half an hour of a multiple of the time that passes at once."""
PASSES = 5000.0


class StepsMachine(RuleBasedStateMachine):
    """Does the same to the scripts and to the model. Their fencing numbers differ, so they are compared by order."""

    url = ""

    def __init__(self) -> None:
        super().__init__()
        self.client = Redis.from_url(self.url, decode_responses=True)
        self.client.flushall()
        self.scripts = RedisSteps(self.client, self.url)
        self.now = 0.0
        self.model = MemorySteps(lambda: self.now)
        self.fences: list[tuple[int, int]] = [(0, 0)]

    def teardown(self) -> None:
        self.client.close()

    @rule(step=STEPS, holder=HOLDERS, ttl=SPANS)
    def take(self, step: str, holder: str, ttl: float) -> None:
        (real, fence), (expected, model_fence) = (
            self.scripts.take(step, holder, ttl),
            self.model.take(step, holder, ttl),
        )
        assert real is expected
        if real is StepClaim.TAKEN and (fence, model_fence) not in self.fences:
            assert fence > self.fences[-1][0]
            self.fences.append((fence, model_fence))

    @rule(step=STEPS, holder=HOLDERS, back=st.integers(1, 4), keep=SPANS)
    def finish(self, step: str, holder: str, back: int, keep: float) -> None:
        real, expected = self.fences[-min(back, len(self.fences))]
        assert self.scripts.finish(step, holder, real, keep_seconds=keep) == self.model.finish(
            step, holder, expected, keep_seconds=keep
        )

    @rule(step=STEPS, holder=HOLDERS, back=st.integers(1, 4))
    def release(self, step: str, holder: str, back: int) -> None:
        real, expected = self.fences[-min(back, len(self.fences))]
        assert self.scripts.release(step, holder, real) == self.model.release(step, holder, expected)

    @rule()
    def time_passes(self) -> None:
        self.now += PASSES
        for step in ("s1", "s2"):
            left = self.client.pttl(keys.step(step))
            if left > 0:
                self.client.pexpire(keys.step(step), max(0, left - int(PASSES * 1000)))

    @rule()
    def server_forgets_its_scripts(self) -> None:
        self.client.script_flush()

    @invariant()
    def nothing_stays_for_ever(self) -> None:
        for step in ("s1", "s2"):
            left = self.client.pttl(keys.step(step))
            assert left == -2 or 0 < left <= 13_000_000


def test_the_scripts_do_what_their_model_does(each_redis_url):
    machine = type("Machine", (StepsMachine,), {"url": each_redis_url})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=30, stateful_step_count=30, deadline=None, suppress_health_check=[HealthCheck.too_slow]
        ),
    )


COUNT = 40
WORKERS = """
import os, random, signal, sys, time
from redis import Redis
from janus_lab.adapters.steps.redis import open_steps
from janus_lab.ports.step_claims import StepClaim

def work(url, name, crash, count):
    chance = random.Random(name)
    with open_steps(url) as steps, Redis.from_url(url) as client:
        while True:
            states = []
            for number in range(count):
                state, fence = steps.take(f"step {number}", name, 0.4)
                states.append(state)
                if state is StepClaim.TAKEN:
                    if chance.random() < crash:
                        os.kill(os.getpid(), signal.SIGKILL)
                    if steps.finish(f"step {number}", name, fence, keep_seconds=60):
                        client.hincrby("{janus}:test:done", str(number), 1)
            if set(states) == {StepClaim.DONE}:
                return
            time.sleep(0.02)

url, count = sys.argv[1], int(sys.argv[2])
children = {}

def start(crash, *names):
    for name in names:
        if (pid := os.fork()) == 0:
            work(url, name, crash, count)
            os._exit(0)
        children[pid] = crash

def ended():
    pid, status = os.wait()
    print("died" if os.WIFSIGNALED(status) else os.waitstatus_to_exitcode(status), children[pid])

start(0.3, "a", "b", "c", "d")
ended()  # before those come that might do all steps alone
start(0.0, "e", "f")
for _ in range(len(children) - 1):
    ended()
"""
"""Processes that do every step that is due; what one did counts only together with being told that it was finished here."""


@pytest.mark.parametrize("url", ["redis_url", "redis62_url"])
def test_killed_workers_leave_every_step_to_another_and_none_is_finished_twice(url, request):
    url = request.getfixturevalue(url)
    ended = subprocess.run(
        [sys.executable, "-c", WORKERS, url, str(COUNT)], capture_output=True, text=True, check=True, timeout=240
    )
    assert "died 0.3" in ended.stdout
    assert ended.stdout.count("0 0.0") == 2, ended.stderr
    with Redis.from_url(url, decode_responses=True) as client:
        assert client.hgetall("{janus}:test:done") == {str(number): "1" for number in range(COUNT)}
