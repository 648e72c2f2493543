"""The claim scripts against their model in plain Python, `MemoryClaims`, in whatever order they are called."""

from __future__ import annotations

import threading
import time

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from redis import Redis

from janus_lab.adapters.claims.memory import MemoryClaims
from janus_lab.adapters.claims.redis import RedisClaims
from janus_lab.adapters.redis import keys

RUNS = st.sampled_from(["r1", "r2"])
HOLDERS = st.sampled_from(["ada", "bob", "cid"])
TTL = 100.0


class ClaimsMachine(RuleBasedStateMachine):
    """Does the same to the scripts and to the model. Their fencing numbers differ, so they are compared by order."""

    url = ""

    def __init__(self) -> None:
        super().__init__()
        self.client = Redis.from_url(self.url, decode_responses=True)
        self.client.flushall()
        self.scripts = RedisClaims(self.client, self.url)
        self.now = 0.0
        self.model = MemoryClaims(lambda: self.now)
        self.fences: list[tuple[int, int]] = [(0, 0)]

    def teardown(self) -> None:
        self.client.close()

    @rule(run=RUNS, holder=HOLDERS)
    def take(self, run: str, holder: str) -> None:
        real, expected = self.scripts.take(run, holder, TTL), self.model.take(run, holder, TTL)
        assert (real is None) == (expected is None)
        if real is not None and expected is not None:
            assert real > self.fences[-1][0]
            self.fences.append((real, expected))

    @rule(run=RUNS, holder=HOLDERS, back=st.integers(1, 4))
    def renew(self, run: str, holder: str, back: int) -> None:
        real, expected = self.fences[-min(back, len(self.fences))]
        assert self.scripts.renew(run, holder, real, TTL) == self.model.renew(run, holder, expected, TTL)

    @rule(run=RUNS, holder=HOLDERS, back=st.integers(1, 4))
    def release(self, run: str, holder: str, back: int) -> None:
        real, expected = self.fences[-min(back, len(self.fences))]
        assert self.scripts.release(run, holder, real) == self.model.release(run, holder, expected)

    @rule()
    def time_passes(self) -> None:
        self.now += TTL
        for run in ("r1", "r2"):
            self.client.pexpire(keys.claim(run), 0)

    @rule()
    def server_forgets_its_scripts(self) -> None:
        self.client.script_flush()

    @invariant()
    def every_claim_expires(self) -> None:
        for run in ("r1", "r2"):
            left = self.client.pttl(keys.claim(run))
            assert left == -2 or 0 < left <= TTL * 1000


def test_the_scripts_do_what_their_model_does(each_redis_url):
    machine = type("Machine", (ClaimsMachine,), {"url": each_redis_url})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=20, stateful_step_count=25, deadline=None, suppress_health_check=[HealthCheck.too_slow]
        ),
    )


def test_a_renewed_claim_has_a_whole_life_before_it(each_redis_url):
    with Redis.from_url(each_redis_url, decode_responses=True) as client:
        claims = RedisClaims(client, each_redis_url)
        fence = claims.take("run", "ada", TTL)
        client.pexpire(keys.claim("run"), round(TTL * 200))
        assert claims.renew("run", "ada", fence, 10 * TTL)
        assert 9 * TTL * 1000 < client.pttl(keys.claim("run")) <= 10 * TTL * 1000
    now = 0.0
    model = MemoryClaims(lambda: now)
    fence = model.take("run", "ada", TTL)
    for _ in range(5):
        now += 0.8 * TTL
        assert model.renew("run", "ada", fence, TTL)
    assert model.take("run", "bob", TTL) is None


@pytest.fixture
def client(redis_url):
    with Redis.from_url(redis_url, decode_responses=True) as opened:
        yield opened


def test_a_lost_counter_is_begun_again_above_the_numbers_in_use(client, redis_url):
    claims = RedisClaims(client, redis_url)
    before = claims.take("run", "ada", TTL)
    client.flushall()
    time.sleep(0.005)  # what counts on is the server's clock, in milliseconds
    assert claims.take("run", "bob", TTL) > before


def test_a_clock_that_was_set_back_does_not_turn_the_numbers_back(client, redis_url):
    claims = RedisClaims(client, redis_url)
    ahead = claims.take("run", "ada", TTL) + 3_600_000
    client.set(keys.FENCE, ahead)
    assert claims.take("run", "ada", TTL) == ahead + 1


def test_thirty_two_threads_hold_a_run_one_after_the_other(client, redis_url):
    claims = RedisClaims(client, redis_url)
    inside, fences, errors = [0], [], []

    def work(holder: str) -> None:
        for _ in range(20):
            fence = claims.take("run", holder, TTL)
            if fence is None:
                continue
            inside[0] += 1
            if inside[0] != 1:
                errors.append(holder)
            fences.append(fence)
            inside[0] -= 1
            claims.release("run", holder, fence)

    threads = [threading.Thread(target=work, args=(f"holder-{n}",)) for n in range(32)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors
    assert fences == sorted(set(fences))
