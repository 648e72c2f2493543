"""Whoever asks, uses, dies and hangs in whatever order: what is granted and what is used never exceed what the machine has.

Attribution, capacities and the book of leases together, on a machine that the test moves about; times are the test's own.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import hypothesis.strategies as st
from hypothesis import Phase
from hypothesis import settings as hypothesis_settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from janus_lab.adapters.leases.memory import MemoryLeases
from janus_lab.adapters.samples.memory import MemorySamples
from janus_lab.resources.monitor import Monitor, Surroundings
from janus_lab.settings import Settings, load_settings
from janus_lab.values.lease import RAM, LeaseRequest
from janus_lab.values.machine import ProcessUse, Sample
from janus_lab.values.run import Priority

GB = 1_000_000_000
TOTAL = 20
MACHINE = "loom"
TTL = 10.0


@dataclass
class Worker:
    """A process: what it used before it had a lease, what it uses on top, and the lease that it believes to have."""

    base: int
    used: int = 0
    lease: str = ""
    leased: int = 0
    seen: bool = False


class Machine(RuleBasedStateMachine):
    @initialize(others=st.integers(0, 8))
    def begin(self, others):
        self.ticks = 1_795_366_353.0
        self.others = self.others_seen = others
        self.workers: dict[int, Worker] = {}
        self.count = 0
        self.known: set[str] = set()
        self.leases = MemoryLeases(lambda: self.ticks)
        chosen = _settings()
        around = Surroundings(
            self, self.leases, MemorySamples(5.0, 60.0, lambda: self.ticks), lambda: list(self.workers)
        )
        self.monitor = Monitor(MACHINE, around, chosen)

    def sample(self, ours):
        """The probe: everything as it is."""
        for worker in self.workers.values():
            worker.seen = True
        self.others_seen = self.others
        processes = tuple(
            ProcessUse(pid, "worker", ram=(worker.base + worker.used) * GB) for pid, worker in self.workers.items()
        )
        used = self.others * GB + sum(process.ram for process in processes)
        return Sample("", 0.0, 8, 0.0, TOTAL * GB, used, (), processes)

    @rule(base=st.integers(0, 5))
    def start(self, base):
        self.count += 1
        self.workers[self.count] = Worker(base)
        self.look(0.1)

    @rule(seconds=st.sampled_from([0.1, 0.5, 1.0]))
    def look(self, seconds):
        self.ticks += seconds
        self.monitor.look()

    @rule(seconds=st.sampled_from([1.0, 4.0, 6.0]))
    def wait(self, seconds):
        self.ticks += seconds

    @rule(others=st.integers(0, 18))
    def others_use(self, others):
        self.others = others

    @precondition(lambda self: any(w.seen and not w.lease for w in self.workers.values()))
    @rule(data=st.data(), less=st.sampled_from([0, 0, 0, 1, 3, 8, -1]), priority=st.sampled_from(Priority))
    def ask(self, data, less, priority):
        """Most ask for exactly what seems to be left."""
        pid = data.draw(st.sampled_from([pid for pid, w in self.workers.items() if w.seen and not w.lease]))
        self.look(0.1)
        use = self.leases.book(MACHINE).resources[RAM]
        left = (use.capacity.budget - use.capacity.outside - use.leased - use.ending) // GB
        amount = data.draw(st.integers(1, max(1, left - less)) if less > 1 else st.just(max(1, left - less)))
        self.count += 1
        request = LeaseRequest(f"lease-{self.count}", {RAM: amount * GB}, priority, "ada", "test", pid=pid)
        self.workers[pid].lease = request.id
        self.leases.request(MACHINE, request, TTL)

    @precondition(lambda self: self.held())
    @rule(data=st.data(), share=st.floats(0, 1))
    def use(self, data, share):
        lease = data.draw(st.sampled_from(self.held()))
        worker = self.workers[lease.request.pid]
        worker.used = max(worker.used, int(share * lease.request.weights[RAM] / GB))

    @precondition(lambda self: self.held())
    @rule()
    def beat(self):
        for lease in self.held():
            self.leases.renew(MACHINE, lease.request.id, lease.fence, TTL)

    @precondition(lambda self: self.held())
    @rule(data=st.data(), kept=st.integers(0, 3))
    def give_back(self, data, kept):
        """It frees what it used first, but for what its allocator keeps."""
        lease = data.draw(st.sampled_from(self.held()))
        worker = self.workers[lease.request.pid]
        worker.base, worker.used, worker.lease, worker.seen = worker.base + min(kept, worker.used), 0, "", False
        self.leases.release(MACHINE, lease.request.id, lease.fence)

    @precondition(lambda self: self.workers)
    @rule(data=st.data())
    def die(self, data):
        """Its memory is free at once, its lease is not."""
        del self.workers[data.draw(st.sampled_from(sorted(self.workers)))]

    def held(self):
        """Leases of processes that live."""
        return [lease for lease in self.leases.book(MACHINE).leases if lease.request.pid in self.workers]

    @invariant()
    def nothing_was_granted_that_was_not_there(self):
        if not hasattr(self, "leases"):
            return
        book = self.leases.book(MACHINE)
        leased = {lease.request.pid: lease.request.weights[RAM] // GB for lease in book.leases}
        if granted := {lease.request.id for lease in book.leases} - self.known:
            self.known |= granted
            workers = sum(
                worker.base + max(worker.used, leased.get(pid, 0))
                for pid, worker in self.workers.items()
                if worker.seen
            )
            dead = sum(amount for pid, amount in leased.items() if pid not in self.workers)
            assert self.others_seen + workers + dead <= TOTAL


@cache
def _settings() -> Settings:
    return load_settings("/nonexistent", environment={}, ram_headroom_mb=0, sample_seconds=0.5)


TestNeverTooMuch = Machine.TestCase
TestNeverTooMuch.settings = hypothesis_settings(
    max_examples=60, stateful_step_count=40, deadline=None, phases=(Phase.explicit, Phase.reuse, Phase.generate)
)
"""A failure is told as it was found: making it smaller takes minutes."""
