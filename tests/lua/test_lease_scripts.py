"""The scripts of leases against their model over long random interleavings, on a server whose clock the test sets."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from redis import Redis

from janus_lab.adapters.leases.memory import MemoryLeases
from janus_lab.adapters.leases.redis import open_leases
from janus_lab.adapters.redis import keys, scripts
from janus_lab.ports.leases import Leases
from janus_lab.values.lease import CPU, RAM, Capacity, Grant, GrantState, LeaseBook, LeaseRequest, slot, vram
from janus_lab.values.run import Priority

HOST = "lab-1"
CLOCK = f"{keys.TAG}:test-clock"
SET_CLOCK = f"""-- clock: the time that the test has set.

local function microseconds()
  return tonumber(redis.call('GET', '{CLOCK}'))
end
"""
START = 1_800_000_000.0
GPU = vram("0")
PLACE = slot("model:größer als x")
IDS = [f"lease-{n}" for n in range(8)]
PAUSES = [0.0, 0.000001, 0.1, 0.9, 0.9, 2.0, 31.0]
TTLS = [3.0, 1000.0, 1000.0, 1000.0]
FULL = {RAM: Capacity(100), CPU: Capacity(4), GPU: Capacity(60), PLACE: Capacity(1)}

# Few amounts, so that those who ask often stand in each other's way.
weights = st.sampled_from(
    [
        *({CPU: 1}, {CPU: 2}, {CPU: 3}, {CPU: 4}, {CPU: 4, RAM: 10}, {CPU: 1, RAM: 40}, {RAM: 50, CPU: 2}, {RAM: 100}),
        *({GPU: 30}, {GPU: 40, CPU: 1}, {GPU: 60, RAM: 60}, {PLACE: 1}, {PLACE: 1, CPU: 2}, {CPU: 0}, {CPU: 5}, {}),
    ]
)
requests = st.builds(
    LeaseRequest,
    st.sampled_from(IDS),
    weights,
    st.sampled_from(list(Priority)),
    st.just("worker"),
    st.just("a\nb “c”"),
    pid=st.sampled_from([0, 7, 8]),
    lasting=st.sampled_from([False, False, True]),
)
changes = st.dictionaries(
    st.sampled_from(sorted(FULL)),
    st.one_of(
        st.none(),
        st.builds(Capacity, st.sampled_from([0, 2, 60, 100]), st.sampled_from([0, 0, 1, 50])),
        st.builds(Capacity, st.sampled_from([4, 100]), st.just(0), st.just("out of luck, 100%\n")),
    ),
    max_size=1,
)


@pytest.fixture
def set_clock(tmp_path, monkeypatch) -> Iterator[None]:
    """Scripts that are ours but for where they read the time."""
    folder = tmp_path / "lua"
    shutil.copytree(scripts.folder(), folder)
    (folder / "shared" / "clock.lua").write_text(SET_CLOCK, encoding="utf-8")
    monkeypatch.setattr(scripts, "folder", lambda: folder)
    scripts.source.cache_clear()
    yield
    scripts.source.cache_clear()


class Comparison(RuleBasedStateMachine):
    """The same happens to both; they must answer the same, and look the same afterwards."""

    url = ""

    def __init__(self) -> None:
        super().__init__()
        self.stack = ExitStack()
        self.server = self.stack.enter_context(Redis.from_url(self.url))
        self.server.flushall()
        self.now = START
        self.advance(0.0)
        self.model = MemoryLeases(lambda: self.now)
        self.scripts = self.stack.enter_context(open_leases(self.url))
        self.looks: list[float] = []
        self.fences: dict[str, int] = {}
        self.held: set[int] = set()
        self.highest = 0

    def teardown(self) -> None:
        self.stack.close()

    def both(self, act: Callable[[Leases], object]) -> object:
        answer, expected = act(self.scripts), act(self.model)
        assert answer == expected
        return answer

    @rule(seconds=st.sampled_from(PAUSES))
    def advance(self, seconds: float) -> None:
        self.now = round(self.now + seconds, 6)
        self.server.set(CLOCK, round(self.now * 1e6))

    @rule(seconds=st.sampled_from([0.5, 40.0, 3600.0]))
    def set_back(self, seconds: float) -> None:
        self.advance(-seconds)

    @initialize(budgets=st.sampled_from([True, True, True, False]))
    def begin(self, budgets: bool) -> None:
        if budgets:
            self.look()
            self.publish({}, 1, 5000.0)

    @rule(wanted=st.lists(requests, min_size=1, max_size=5), ttl=st.sampled_from(TTLS), pause=st.sampled_from(PAUSES))
    def request(self, wanted: list[LeaseRequest], ttl: float, pause: float) -> None:
        for one in wanted:
            grant = self.both(lambda leases, one=one: leases.request(HOST, one, ttl))
            assert isinstance(grant, Grant)
            if grant.state is GrantState.GRANTED:
                self.fences[one.id] = grant.fence
            self.they_look_the_same()
            self.advance(pause)

    @rule(ttl=st.sampled_from(TTLS))
    def renew_all(self, ttl: float) -> None:
        for lease_id, fence in self.fences.items():
            self.both(lambda leases, known=(lease_id, fence): leases.renew(HOST, *known, ttl))

    @rule(lease_id=st.sampled_from(IDS))
    def meddle(self, lease_id: str) -> None:
        fence = self.fences.get(lease_id, 1) + 1
        self.both(lambda leases: leases.renew(HOST, lease_id, fence, 3.0))
        self.both(lambda leases: leases.release(HOST, lease_id, fence))

    @precondition(lambda self: self.fences)
    @rule(which=st.integers(0, 7))
    def release(self, which: int) -> None:
        lease_id = sorted(self.fences)[which % len(self.fences)]
        self.both(lambda leases: leases.release(HOST, lease_id, self.fences[lease_id]))
        del self.fences[lease_id]

    @rule(lease_id=st.sampled_from(IDS))
    def withdraw(self, lease_id: str) -> None:
        self.both(lambda leases: leases.withdraw(HOST, lease_id))

    @rule()
    def look(self) -> None:
        answer = self.both(lambda leases: leases.held(HOST))
        assert isinstance(answer, tuple)
        self.looks.append(answer[0])

    @precondition(lambda self: self.looks)
    @rule(
        changed=changes,
        back=st.sampled_from([1, 1, 1, 2]),
        stale=st.sampled_from([0.5, 5000.0, 5000.0, 5000.0, 5000.0]),
    )
    def publish(self, changed: dict[str, Capacity | None], back: int, stale: float) -> None:
        at = self.looks[-min(back, len(self.looks))]
        found = {name: there for name, there in {**FULL, **changed}.items() if there is not None}
        self.both(lambda leases: leases.publish(HOST, found, measured_at=at, stale_seconds=stale))

    @invariant()
    def they_look_the_same(self) -> None:
        book = self.both(lambda leases: leases.book(HOST))
        assert isinstance(book, LeaseBook)
        for name, use in book.resources.items():
            assert use.leased == sum(lease.request.weights.get(name, 0) for lease in book.leases)
        for lease in book.leases:
            self.fences[lease.request.id] = lease.fence
            if lease.fence not in self.held:
                assert lease.fence > self.highest
                self.was_granted_rightly(lease.request, book)
        self.held = {lease.fence for lease in book.leases}
        self.highest = max(self.highest, *self.held, 0)

    def was_granted_rightly(self, request: LeaseRequest, book: LeaseBook) -> None:
        assert book.open or not request.weights
        for name in request.weights:
            use = book.resources[name]
            assert not use.capacity.failure
            assert use.leased + use.ending + use.capacity.outside <= use.capacity.budget


@pytest.mark.parametrize(("server", "examples"), [("redis_url", 80), ("redis62_url", 12)])
@pytest.mark.usefixtures("set_clock")
def test_the_scripts_do_what_the_model_does(request, server, examples):
    machine = type("Machine", (Comparison,), {"url": request.getfixturevalue(server)})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=examples,
            stateful_step_count=60,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            phases=[Phase.generate, Phase.shrink],
        ),
    )


@pytest.mark.parametrize("part", range(5))
@pytest.mark.usefixtures("set_clock")
def test_whoever_deletes_keys_by_hand_breaks_nothing_for_long(redis_url, part):
    with Redis.from_url(redis_url) as server, open_leases(redis_url) as leases:
        everything = {name: Capacity(100) for name in FULL}

        def publish() -> None:
            at, _ = leases.held(HOST)
            leases.publish(HOST, everything, measured_at=at, stale_seconds=60.0)

        def tell(seconds: float) -> None:
            server.set(CLOCK, round((START + seconds) * 1e6))

        def ask(name: str, amount: int, ttl: float = 1.0) -> GrantState:
            return leases.request(HOST, LeaseRequest(name, {CPU: amount}, Priority.BATCH, "", ""), ttl).state

        tell(0.0)
        publish()
        assert [ask("a", 60), ask("b", 60), ask("c", 60, 9.0)] == [GrantState.GRANTED] + [GrantState.WAITING] * 2
        server.delete(keys.leases(HOST)[part])
        for seconds in (1.2, 2.4):
            tell(seconds)
            publish()
        leases.withdraw(HOST, "c")
        assert ask("d", 100, 9.0) is GrantState.GRANTED
        assert leases.book(HOST).resources[CPU].leased == 100


def test_what_an_earlier_format_left_behind_expires(redis_url):
    outdated = keys.outdated_leases(HOST)
    assert len(outdated) == 5 * (int(keys.LEASES_FORMAT) - 1)
    assert not {*outdated} & {*keys.leases(HOST)}
    with Redis.from_url(redis_url) as server, open_leases(redis_url) as leases:
        server.hset(outdated[0], "cpu", "1")
        leases.publish(HOST, FULL, measured_at=leases.held(HOST)[0], stale_seconds=60.0)
        assert 0 < server.ttl(outdated[0]) <= 24 * 3600
        assert all(server.ttl(name) == -1 for name in keys.leases(HOST) if server.exists(name))
