"""What every adapter of the AgentStates port keeps to, on every age of server."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest
from redis_versions import EVERY_VERSION

from janus_lab.adapters.agent_states import memory, redis
from janus_lab.errors import UserError
from janus_lab.ports.agent_states import AgentStates
from janus_lab.values.agent_state import KEPT_VERSIONS, LARGEST_STATE


@pytest.fixture(params=["memory", *EVERY_VERSION])
def states(request: pytest.FixtureRequest) -> Iterator[AgentStates]:
    if request.param == "memory":
        with memory.open_agent_states() as opened:
            yield opened
    else:
        with redis.open_agent_states(request.getfixturevalue(EVERY_VERSION[request.param])) as opened:
            yield opened


def test_nothing_is_known_of_an_agent_that_never_wrote(states):
    assert states.read("planner") is None
    assert states.history("planner") == []
    assert states.agents() == []
    assert not states.forget("planner")


def test_what_was_written_is_read_with_its_version_and_time(states):
    content = {"plan": ["öffnen", 2, 3.5, None, {"tief": True}], "empty": {}, "text": "a b\nc {janus}"}
    written = states.write("planner", content, expected=0)
    assert written is not None
    assert (written.agent, written.version, written.content) == ("planner", 1, content)
    assert abs(written.at - time.time()) < 60
    assert states.read("planner") == written


def test_only_who_has_read_the_latest_version_writes(states):
    first = states.write("planner", {"n": 1}, expected=0)
    assert states.write("planner", {"n": 9}, expected=0) is None
    assert states.write("planner", {"n": 9}, expected=2) is None
    second = states.write("planner", {"n": 2}, expected=first.version)
    assert second.version == 2
    assert states.write("planner", {"n": 9}, expected=first.version) is None
    assert states.read("planner") == second


def test_history_tells_the_last_versions_newest_first(states):
    written = [states.write("planner", {"n": n}, expected=n) for n in range(KEPT_VERSIONS + 5)]
    assert states.history("planner") == written[::-1][: KEPT_VERSIONS + 1]
    assert states.history("planner")[0] == states.read("planner")


def test_agents_are_told_by_who_wrote_last(states):
    for agent in ("planner", "critic", "planner"):
        latest = states.read(agent)
        states.write(agent, {}, expected=latest.version if latest else 0)
        time.sleep(0.003)
    assert states.agents() == ["planner", "critic"]


def test_a_forgotten_state_is_gone_and_who_read_it_can_not_write_it_back(states):
    states.write("planner", {"n": 1}, expected=0)
    states.write("planner", {"n": 2}, expected=1)
    assert states.forget("planner")
    assert not states.forget("planner")
    assert (states.read("planner"), states.history("planner"), states.agents()) == (None, [], [])
    assert states.write("planner", {"n": 3}, expected=2) is None
    again = states.write("planner", {"n": 3}, expected=0)
    assert again.version == 3
    assert states.history("planner") == [again]


def test_a_state_is_a_copy_of_what_was_given(states):
    content = {"list": [1]}
    states.write("planner", content, expected=0)
    content["list"].append(2)
    states.read("planner").content["list"].append(3)
    assert states.read("planner").content == {"list": [1]}


@pytest.mark.parametrize(
    "content",
    [{"s": {1}}, {"n": float("nan")}, {"o": object()}, {"long": "x" * LARGEST_STATE}],
    ids=["set", "nan", "object", "long"],
)
def test_what_is_no_json_or_too_long_is_refused_and_nothing_written(states, content):
    with pytest.raises(UserError):
        states.write("planner", content, expected=0)
    assert states.read("planner") is None


@pytest.mark.parametrize("name", ["", " ", "a\nb", "x" * 201, "\ud800"])
def test_a_name_is_printable(states, name):
    with pytest.raises(UserError):
        states.write(name, {}, expected=0)


def test_many_who_add_one_each_and_try_again_lose_nothing(states):
    def add() -> None:
        for _ in range(5):
            written = None
            while written is None:
                latest = states.read("sum")
                version, n = (latest.version, latest.content["n"]) if latest else (0, 0)
                written = states.write("sum", {"n": n + 1}, expected=version)

    threads = [threading.Thread(target=add) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    latest = states.read("sum")
    assert (latest.version, latest.content) == (40, {"n": 40})
