"""The state scripts against their model in plain Python, `MemoryAgentStates`, with writings that come twice."""

from __future__ import annotations

import json

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from redis import Redis

from janus_lab.adapters.agent_states.memory import MemoryAgentStates
from janus_lab.adapters.agent_states.redis import RedisAgentStates
from janus_lab.adapters.redis import keys, scripts
from janus_lab.values.agent_state import KEPT_VERSIONS

AGENTS = ("ada", "bob")
AGENT = st.sampled_from(AGENTS)


def shown(states) -> dict[str, list[tuple[int, object]]]:
    """Versions and contents of every agent; their times differ."""
    return {agent: [(state.version, state.content) for state in states.history(agent)] for agent in AGENTS}


class StatesMachine(RuleBasedStateMachine):
    """Writes the same to the scripts and to the model; some writings come again, as after a lost reply."""

    url = ""

    def __init__(self) -> None:
        super().__init__()
        self.client = Redis.from_url(self.url, decode_responses=True)
        self.client.flushall()
        self.states = RedisAgentStates(self.client, self.url)
        self.script = scripts.register(self.client, "write_state")
        self.model = MemoryAgentStates()
        self.written: list[tuple[str, list[object], list[int]]] = []
        self.count = 0

    def teardown(self) -> None:
        self.client.close()

    @rule(agent=AGENT, off=st.sampled_from([0, 0, 0, 0, -1, 1]))
    def write(self, agent: str, off: int) -> None:
        self.count += 1
        latest = self.model.read(agent)
        expected = max(0, (latest.version if latest else 0) + off)
        args = [agent, expected, f"nonce{self.count}", json.dumps({"n": self.count}), KEPT_VERSIONS]
        code, version, at = self._call(agent, args)
        model = self.model.write(agent, {"n": self.count}, expected=expected)
        assert (version if code else None) == (model.version if model else None)
        if code:
            self.written.append((agent, args, [code, version, at]))

    @rule(back=st.integers(1, 6))
    def a_writing_comes_again(self, back: int) -> None:
        if len(self.written) < back:
            return
        agent, args, answer = self.written[-back]
        kept = {state.version for state in self.states.history(agent)}
        if answer[1] in kept:
            assert self._call(agent, args) == answer

    @rule(agent=AGENT)
    def forget(self, agent: str) -> None:
        assert self.states.forget(agent) == self.model.forget(agent)
        self.written = [entry for entry in self.written if entry[0] != agent]

    @rule()
    def server_forgets_its_scripts(self) -> None:
        self.client.script_flush()

    @invariant()
    def both_tell_the_same(self) -> None:
        assert shown(self.states) == shown(self.model)
        assert set(self.states.agents()) == set(self.model.agents())

    @invariant()
    def only_what_is_forgotten_expires(self) -> None:
        for agent in AGENTS:
            left = self.client.pttl(keys.agent_state(agent))
            assert left in ({-1} if self.states.read(agent) else {-2}) or (left > 0 and not self.states.read(agent))

    def _call(self, agent: str, args: list[object]) -> list[int]:
        answer: list[int] = self.script(
            keys=[keys.agent_state(agent), keys.agent_history(agent), keys.AGENTS], args=args
        )
        return answer


def test_the_scripts_do_what_their_model_does(each_redis_url):
    machine = type("Machine", (StatesMachine,), {"url": each_redis_url})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=20, stateful_step_count=30, deadline=None, suppress_health_check=[HealthCheck.too_slow]
        ),
    )


def test_a_writing_that_comes_again_when_many_have_written_since_is_told_what_it_wrote(redis_url):
    with Redis.from_url(redis_url, decode_responses=True) as client:
        write = scripts.register(client, "write_state")
        named = [keys.agent_state("ada"), keys.agent_history("ada"), keys.AGENTS]
        calls = [["ada", n, f"nonce{n}", "{}", KEPT_VERSIONS] for n in range(KEPT_VERSIONS)]
        answers = [write(keys=named, args=args) for args in calls]
        assert [write(keys=named, args=args) for args in calls] == answers
        assert write(keys=named, args=["ada", 3, "another", "{}", KEPT_VERSIONS])[0] == 0
