"""A network that breaks in mid-call: the driver asks again, and what had been done already is not done, or counted, twice."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator

import pytest
from redis import Redis

from janus_lab.adapters.agent_states.redis import open_agent_states
from janus_lab.adapters.steps.redis import open_steps
from janus_lab.ports.step_claims import StepClaim

WRITERS, WRITINGS = 3, 25
SCRIPTS = 8


def scripts_run(server: Redis) -> int:
    """How many the server has run so far."""
    return int(server.info("commandstats").get("cmdstat_evalsha", {}).get("calls", 0))


@pytest.fixture
def broken_url(proxied, server_redis_url) -> Iterator[str]:
    """A server behind a network that breaks every connection many times a second, mostly while a reply is under way.

    On a busy machine less often: so many scripts have run between two breaks that everybody gets on.
    """
    proxy = proxied(server_redis_url)
    proxy.delay(0.002)
    over = threading.Event()

    def cut() -> None:
        with Redis.from_url(server_redis_url) as server:
            seen = scripts_run(server)
            while not over.wait(0.06):
                if (now := scripts_run(server)) >= seen + SCRIPTS:
                    proxy.cut()
                    seen = now

    thread = threading.Thread(target=cut)
    thread.start()
    yield proxy.url
    over.set()
    thread.join()
    assert proxy.connections > 15


def together(work: Callable[[str], None]) -> None:
    """Several threads do `work`, each under its own name."""
    failures: list[BaseException] = []

    def carried(name: str) -> None:
        try:
            work(name)
        except BaseException as error:  # noqa: BLE001 - told by the test's own thread
            failures.append(error)

    threads = [threading.Thread(target=carried, args=(f"writer {number}",)) for number in range(WRITERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures, failures


def test_every_writing_of_a_state_counts_once(broken_url, server_redis_url):
    def write(name: str) -> None:
        with open_agent_states(broken_url) as states:
            for number in range(WRITINGS):
                written = None
                while written is None:
                    latest = states.read("log")
                    version, lines = (latest.version, latest.content["lines"]) if latest else (0, [])
                    written = states.write("log", {"lines": [*lines, f"{name}: {number}"]}, expected=version)

    together(write)
    with open_agent_states(server_redis_url) as states:
        latest = states.read("log")
    lines = latest.content["lines"]
    assert len(lines) == len(set(lines)) == WRITERS * WRITINGS == latest.version


def test_every_step_is_finished_by_one(broken_url):
    finished: list[int] = []

    def do(name: str) -> None:
        with open_steps(broken_url) as steps:
            for number in range(WRITINGS):
                state = None
                while state is not StepClaim.DONE:
                    state, fence = steps.take(f"step {number}", name, 60)
                    if state is StepClaim.HELD:
                        time.sleep(0.005)
                    if state is StepClaim.TAKEN and steps.finish(f"step {number}", name, fence, keep_seconds=600):
                        finished.append(number)

    together(do)
    assert sorted(finished) == list(range(WRITINGS))
