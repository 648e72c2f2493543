"""`take_permit.lua` against its model in plain Python, `MemoryThrottle`, under a clock that the test sets, back too."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule, run_state_machine_as_test
from redis import Redis

from janus_lab.adapters.redis import keys, scripts
from janus_lab.adapters.throttle.memory import MemoryThrottle
from janus_lab.values.rate import Rate

BEGAN_US = 1_700_000_000_000_000
CLOCK = "{janus}:test:clock"
TOLD_CLOCK = "local function microseconds() return tonumber(redis.call('GET', KEYS[2])) end\n"
RATES = [Rate(0.01, burst=1), Rate(0.03, burst=4), Rate(1 / 7, burst=3)]


def told_the_time(name: str) -> str:
    """The script as it is, but for its clock: that is a key, which the test sets."""
    own = scripts.source(name)
    clock = (scripts.folder() / "shared" / "clock.lua").read_text(encoding="utf-8")
    assert clock in own
    return own.replace(clock, TOLD_CLOCK)


class ThrottleMachine(RuleBasedStateMachine):
    """Asks the script and the model for the same permits at the same times."""

    url = ""

    def __init__(self) -> None:
        super().__init__()
        self.client = Redis.from_url(self.url, decode_responses=True)
        self.client.flushall()
        self.take = self.client.register_script(told_the_time("take_permit"))
        self.now = BEGAN_US
        self.client.set(CLOCK, self.now)
        self.model = MemoryThrottle(lambda: self.now / 1e6)

    def teardown(self) -> None:
        self.client.close()

    @rule(name=st.sampled_from(["a", "b"]), rate=st.sampled_from(RATES), cost=st.integers(1, 4))
    def ask(self, name: str, rate: Rate, cost: int) -> None:
        cost = min(cost, rate.burst)
        code, wait_us = self.take(keys=[keys.rate(name), CLOCK], args=[repr(rate.interval_us), rate.burst, cost])
        assert wait_us / 1e6 == self.model.wait_seconds(name, rate, cost=cost)
        assert (code == 1) == (wait_us == 0)
        # What is owed expires; but by the test's clock, not by the server's own.
        left = self.client.pttl(keys.rate(name))
        assert left in {-1, -2} or 0 <= left <= 1000 * max(rate.burst / rate.per_second for rate in RATES) + 1
        assert left != -1 or code != 1
        self.client.persist(keys.rate(name))

    @rule(us=st.integers(0, 300_000_000))
    def time_passes(self, us: int) -> None:
        self._clock(self.now + us)

    @rule(us=st.integers(1, 10_000_000_000))
    def somebody_sets_the_clock_back(self, us: int) -> None:
        self._clock(self.now - us)

    @rule()
    def server_forgets_its_scripts(self) -> None:
        self.client.script_flush()

    def _clock(self, us: int) -> None:
        self.now = us
        self.client.set(CLOCK, us)


def test_the_script_does_what_its_model_does(each_redis_url):
    machine = type("Machine", (ThrottleMachine,), {"url": each_redis_url})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=30, stateful_step_count=30, deadline=None, suppress_health_check=[HealthCheck.too_slow]
        ),
    )


@pytest.mark.parametrize("rate", [*RATES, Rate(0.3, burst=2)], ids=str)
def test_in_any_stretch_of_time_no_more_pass_than_the_rate_and_a_burst(redis_url, rate):
    with Redis.from_url(redis_url) as client:
        take = client.register_script(told_the_time("take_permit"))
        now, passed = BEGAN_US, []
        for turn in range(400):
            client.set(CLOCK, now)
            client.persist(keys.rate("a"))  # the server's own clock does not run at this test's pace
            code, wait_us = take(keys=[keys.rate("a"), CLOCK], args=[repr(rate.interval_us), rate.burst, 1])
            passed += [now] if code == 1 else []
            now += wait_us if turn % 3 else wait_us // 2
    for first, since in enumerate(passed):
        for last, until in enumerate(passed[first:], first):
            assert last - first + 1 <= rate.burst + (until - since) / rate.interval_us + 1e-3
    assert len(passed) > 100
