"""Does a machine ever give away more than it has: processes that take and give back leases while others are killed and stopped.

    python benchmarks/lease_torture.py [--grants 100000] [--workers 12] [--redis-url URL]

What is leased is real: bytes of a file that a process locks once it holds a lease, of which there are as many as the budget.
The kernel frees them when their process is killed, and nobody can have one twice; a holder who finds none free has found more
given away than there is. Again and again somebody is killed (-9), or stopped or hangs beyond the life of its lease,
and sometimes it is the sampler, which measures the locked bytes by process as a real one measures memory.

Prints what happened as JSON; the exit status is 1 if a holder found no place, or if anything is left in the end.
"""

from __future__ import annotations

import argparse
import contextlib
import fcntl
import json
import mmap
import multiprocessing
import os
import random
import signal
import struct
import sys
import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from queue import Empty, SimpleQueue
from tempfile import TemporaryDirectory

import redis  # noqa: F401  # once, before processes are forked
from own_server import own_server

from janus_lab.schemes import factory
from janus_lab.values.lease import Capacity, GrantState, LeaseRequest, Renewal, slot
from janus_lab.values.run import Priority

HOST = "tortured"
BUDGETS = {slot("wide"): 20, slot("narrow"): 6}
FIRST = {slot("wide"): 0, slot("narrow"): 20}
MUTEX = 26
TTL_SECONDS = 0.4
SAMPLE_SECONDS = 0.1
STALE_SECONDS = 1.0
AGAIN_SECONDS = 0.2
PAUSE_SECONDS = 0.15
"""Between one blow and the next."""
GRANTED, OVERCOMMITTED, LATE = range(3)
FLOCK = "hhqqi4x"
FORK = multiprocessing.get_context("fork")


class Places:
    """What is leased: bytes of a file, locked by who uses them. One at a time looks for some, gives some back, or counts."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_RDWR | os.O_CREAT)

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Nobody else looks meanwhile."""
        fcntl.lockf(self._file, fcntl.LOCK_EX, 1, MUTEX)
        try:
            yield
        finally:
            fcntl.lockf(self._file, fcntl.LOCK_UN, 1, MUTEX)

    def take(self, weights: Mapping[str, int]) -> bool:
        """Lock so many bytes of each; False, and none is locked, if there are not as many free."""
        return all(self._take(name, amount) for name, amount in weights.items()) or self.put_back()

    def _take(self, name: str, amount: int) -> bool:
        for place in range(FIRST[name], FIRST[name] + BUDGETS[name]):
            if amount:
                with contextlib.suppress(OSError):
                    fcntl.lockf(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, place)
                    amount -= 1
        return amount == 0

    def put_back(self) -> bool:
        """Free what this process has."""
        fcntl.lockf(self._file, fcntl.LOCK_UN, MUTEX, 0)
        return False

    def used(self) -> dict[int, dict[str, int]]:
        """How many bytes of each are locked, by process."""
        found: dict[int, dict[str, int]] = {}
        for name, first in FIRST.items():
            for place in range(first, first + BUDGETS[name]):
                asked = struct.pack(FLOCK, fcntl.F_WRLCK, os.SEEK_SET, place, 1, 0)
                kind, _, _, _, pid = struct.unpack(FLOCK, fcntl.fcntl(self._file, fcntl.F_GETLK, asked))
                if kind != fcntl.F_UNLCK:
                    of_process = found.setdefault(pid, {})
                    of_process[name] = of_process.get(name, 0) + 1
        return found


class Counts:
    """Numbers that outlive whoever counts, a row a worker."""

    def __init__(self, workers: int) -> None:
        self._rows = mmap.mmap(-1, workers * 3 * 8)
        self._workers = workers

    def add(self, worker: int, what: int) -> None:
        """One more."""
        at = (worker * 3 + what) * 8
        (now,) = struct.unpack_from("q", self._rows, at)
        struct.pack_into("q", self._rows, at, now + 1)

    def total(self, what: int) -> int:
        """Of all workers."""
        return sum(struct.unpack_from("q", self._rows, (worker * 3 + what) * 8)[0] for worker in range(self._workers))


def work(url: str, path: Path, counts: Counts, worker: int) -> None:
    """Lease, use, give back, for ever."""
    places = Places(path)
    chance = random.Random(os.getpid())
    told: SimpleQueue[str] = SimpleQueue()
    with factory("leases", url)(url) as leases, leases.listening(HOST, told.put):
        while True:
            weights = {slot("wide"): chance.randint(1, 5)}
            if chance.random() < 0.5:
                weights[slot("narrow")] = chance.randint(1, 2)
            wanted = LeaseRequest(
                uuid.uuid4().hex, weights, chance.choice(list(Priority)), f"worker-{worker}", "torture", os.getpid()
            )
            while (grant := leases.request(HOST, wanted, TTL_SECONDS)).state is not GrantState.GRANTED:
                heard(told, wanted.id)
            counts.add(worker, GRANTED)

            def ours(lease_id: str = wanted.id, fence: int = grant.fence) -> bool:
                return leases.renew(HOST, lease_id, fence, TTL_SECONDS) is not Renewal.EXPIRED

            with places.alone():
                # A process that was stopped meanwhile has lost its lease; it may not use what it has no lease for.
                taken = places.take(weights)
                if not ours():
                    counts.add(worker, LATE)
                    places.put_back()
                elif not taken:
                    counts.add(worker, OVERCOMMITTED)
            # Most are quick; some hang, and use what they have beyond the life of their lease.
            if chance.random() < 0.05:
                time.sleep(chance.random() * 0.02)
            elif chance.random() < 0.003:
                time.sleep(3 * TTL_SECONDS)
            with places.alone():
                places.put_back()
            leases.release(HOST, wanted.id, grant.fence)


def heard(told: SimpleQueue[str], lease_id: str) -> None:
    """Return when this request is said to be granted, or after a while."""
    until = time.monotonic() + AGAIN_SECONDS
    with contextlib.suppress(Empty):
        while told.get(timeout=max(0.0, until - time.monotonic())) != lease_id:
            pass


def sample(url: str, path: Path) -> None:
    """Publish what there is, and what of it is used by whom without a lease, for ever."""
    places = Places(path)
    with factory("leases", url)(url) as leases:
        while True:
            measure(leases, places)
            time.sleep(SAMPLE_SECONDS)


def measure(leases: object, places: Places) -> None:
    """One sample."""
    at, covered = leases.held(HOST)  # type: ignore[attr-defined]  # a port
    with places.alone():
        used = places.used()
    outside = {
        name: sum(max(0, use.get(name, 0) - covered.get(pid, {}).get(name, 0)) for pid, use in used.items())
        for name in BUDGETS
    }
    capacities = {name: Capacity(budget, outside[name]) for name, budget in BUDGETS.items()}
    leases.publish(HOST, capacities, measured_at=at, stale_seconds=STALE_SECONDS)  # type: ignore[attr-defined]


def torture(url: str, folder: Path, workers: int, grants: int, seconds: float) -> dict[str, object]:
    """Let them work, kill and stop some, until so many leases were granted; what happened."""
    path, counts = folder / "places", Counts(workers)
    chance = random.Random(4)
    crew = {
        worker: FORK.Process(target=work, args=(url, path, counts, worker), daemon=True) for worker in range(workers)
    }
    crew[-1] = FORK.Process(target=sample, args=(url, path), daemon=True)
    for process in crew.values():
        process.start()
    stopped: dict[int, float] = {}
    killed = halted = 0
    began = time.monotonic()
    while counts.total(GRANTED) < grants and time.monotonic() - began < seconds:
        time.sleep(chance.random() * 2 * PAUSE_SECONDS)
        for worker, until in list(stopped.items()):
            if time.monotonic() > until:
                os.kill(crew[worker].pid or 0, signal.SIGCONT)
                del stopped[worker]
        victim = -1 if chance.random() < 0.03 else chance.randrange(workers)
        if victim in stopped:
            continue
        if chance.random() < 0.3:
            os.kill(crew[victim].pid or 0, signal.SIGSTOP)
            stopped[victim] = time.monotonic() + chance.random() * 2 * TTL_SECONDS
            halted += 1
            continue
        crew[victim].kill()
        crew[victim].join()
        killed += 1
        task, args = (sample, (url, path)) if victim < 0 else (work, (url, path, counts, victim))
        crew[victim] = FORK.Process(target=task, args=args, daemon=True)
        crew[victim].start()
    elapsed = time.monotonic() - began
    for process in crew.values():
        process.kill()
        process.join()
    return {
        "granted": counts.total(GRANTED),
        "overcommitted": counts.total(OVERCOMMITTED),
        "too late to use it": counts.total(LATE),
        "killed": killed,
        "stopped": halted,
        "seconds": round(elapsed, 1),
        **left(url, path),
    }


def left(url: str, path: Path) -> dict[str, object]:
    """What is still leased once every lease of the dead has expired: nothing."""
    time.sleep(TTL_SECONDS + 0.1)
    with factory("leases", url)(url) as leases:
        measure(leases, Places(path))
        uses = leases.book(HOST).resources.values()
        return {"left leased": sum(use.leased + use.ending for use in uses)}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--grants", type=int, default=100_000)
    parser.add_argument("--workers", type=int, default=12)
    parser.add_argument("--seconds", type=float, default=600.0)
    parser.add_argument("--redis-url", default="")
    options = parser.parse_args()
    with TemporaryDirectory() as name, contextlib.ExitStack() as stack:
        folder = Path(name)
        url = options.redis_url or stack.enter_context(own_server()).url
        found = torture(url, folder, options.workers, options.grants, options.seconds)
    print(json.dumps(found))
    return 1 if found["overcommitted"] or found["left leased"] else 0


if __name__ == "__main__":
    sys.exit(main())
