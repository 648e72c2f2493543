"""What is a place worth after its holder was killed: leases beside Dramatiq's ConcurrentRateLimiter and steindamm's semaphore.

    python benchmarks/limiters.py [--ttl 2] [--pairs 2000] [--turns 5] [--redis-url URL]

Four places, each limiter with the same time to live, on one server. `busy`: two processes take a place each and die at once
by kill -9, while others go on taking and giving back; how many places can be had right after, after the time to live and
another second, and after three times as long. `quiet`: the same, but nobody asks meanwhile. `long`: a living holder works for
three times the time to live (renewing its place where it can be renewed); how many others are let in beside it: 3 is right,
4 is one too many. `frozen`: a holder is stopped for as long and then goes on; is it told that it lost its place?
`pairs/s` is taking and giving back undisturbed, in turns with two calls of an empty script. steindamm is measured where it
is installed (`make bench PEERS=1`).
"""

from __future__ import annotations

import argparse
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from statistics import median
from typing import Any

from limiters_peer import HOST, LIMITERS, PLACE, PLACES, Limiter
from own_server import own_server
from redis import Redis

from janus_lab.adapters.leases.redis import RedisLeases
from janus_lab.values.lease import Capacity

SAMPLE_SECONDS = 0.25
READY, HOLD = "ready", "hold"
"""What a process says that can take a place, and when it has one; then it waits to be killed."""


@dataclass(slots=True)
class Bench:
    """One limiter on one server."""

    name: str
    url: str
    ttl: float

    @contextmanager
    def limiter(self) -> Iterator[Limiter]:
        """It, with a connection of its own."""
        with Redis.from_url(self.url, decode_responses=self.name == "janus lease") as client:
            yield LIMITERS[self.name](client, self.url, self.ttl)

    def emptied(self) -> None:
        """Forget everything, and let the sampler say once more what there is."""
        with Redis.from_url(self.url) as client:
            client.flushall()
        time.sleep(2 * SAMPLE_SECONDS)

    def holders(self, count: int) -> list[subprocess.Popen[str]]:
        """Processes that have a place each, taken at the same time."""
        command = [sys.executable, __file__, "--holder", self.name, "--ttl", str(self.ttl), "--redis-url", self.url]
        pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True, "bufsize": 1}
        processes = [subprocess.Popen(command, **pipes) for _ in range(count)]
        for word, answer in (("", READY), ("take\n", HOLD)):
            for process in processes:
                assert process.stdin is not None
                process.stdin.write(word)
            for process in processes:
                assert process.stdout is not None
                if process.stdout.readline().strip() != answer:
                    raise SystemExit(f"a holder got no place of {self.name}")
        return processes

    def to_be_had(self) -> int:
        """How many places are given out now; they are given back at once."""
        with self.limiter() as limiter:
            places = [place for place in (limiter.take() for _ in range(PLACES + 2)) if place is not None]
            for place in places:
                limiter.give(place)
        return len(places)

    def after_a_kill(self, *, busy: bool) -> list[int]:
        """Places to be had right after two of their holders died, then later, and later still."""
        self.emptied()
        holders = self.holders(2)
        for holder in holders:
            holder.kill()
            holder.wait()
        found, began = [], time.monotonic()
        for seconds in (0.0, self.ttl + 1, 3 * self.ttl + 1):
            while busy and time.monotonic() - began < seconds:
                with self.limiter() as limiter:
                    if (place := limiter.take()) is not None:
                        time.sleep(0.02)
                        limiter.give(place)
                    time.sleep(0.02)
            time.sleep(max(0.0, began + seconds - time.monotonic()))
            found.append(self.to_be_had())
            if not busy and len(found) == 1:
                # Looking was traffic: what is quiet begins anew.
                began = time.monotonic()
        return found

    def beside_a_living_one(self) -> int:
        """How many others are let in while somebody works for long."""
        self.emptied()
        until = time.monotonic() + 3 * self.ttl
        with self.limiter() as limiter:
            place = limiter.take()
            beat = time.monotonic()
            while time.monotonic() < until:
                if time.monotonic() - beat > self.ttl / 3:
                    limiter.keep(place)
                    beat = time.monotonic()
                time.sleep(0.05)
            others = self.to_be_had()
            limiter.give(place)
        return others

    def frozen(self) -> str:
        """What a holder learns that was stopped for longer than its place lives."""
        self.emptied()
        (holder,) = self.holders(1)
        holder.send_signal(signal.SIGSTOP)
        time.sleep(2 * self.ttl + 1)
        holder.send_signal(signal.SIGCONT)
        told = holder.communicate("go on\n", timeout=30)[0].split("\n")[0]
        return {"True": "nothing: it still has it", "False": "that it lost it"}.get(told, "nothing: it can't ask")

    def pairs(self, count: int) -> float:
        """Pairs of taking and giving back, a second."""
        with self.limiter() as limiter:
            began = time.perf_counter()
            for _ in range(count):
                if (place := limiter.take()) is None:
                    raise SystemExit(f"{self.name} gave no place to the only one who asked")
                limiter.give(place)
            return count / (time.perf_counter() - began)


def bare_pairs(url: str, count: int) -> float:
    """Two calls of an empty script, a second."""
    with Redis.from_url(url) as client:
        script = client.register_script("return 1")
        began = time.perf_counter()
        for _ in range(2 * count):
            script(keys=["{janus}:bench"], args=[1, 2, 3])
        return count / (time.perf_counter() - began)


def hold(bench: Bench) -> int:
    """Take a place when told to, say so, wait for a word; then say whether the place is still ours."""
    with bench.limiter() as limiter:
        print(READY, flush=True)
        sys.stdin.readline()
        place = limiter.take()
        print(HOLD if place is not None else "none", flush=True)
        sys.stdin.readline()
        print(limiter.keep(place) if place is not None else None, flush=True)
    return 0


@contextmanager
def sampled(url: str) -> Iterator[None]:
    """While inside, say again and again that the machine has four places, as a worker's sampler does."""
    over = threading.Event()

    def say() -> None:
        with Redis.from_url(url, decode_responses=True) as client:
            leases = RedisLeases(client, url)
            while not over.wait(SAMPLE_SECONDS):
                at, _ = leases.held(HOST)
                leases.publish(HOST, {PLACE: Capacity(PLACES)}, measured_at=at, stale_seconds=10.0)

    thread = threading.Thread(target=say)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def compare(url: str, names: list[str], options: argparse.Namespace) -> None:
    """Print one line a limiter."""
    rates: dict[str, list[float]] = {name: [] for name in names}
    for _ in range(options.turns):
        for name in names:
            bench = Bench(name, url, 60.0)
            bench.emptied()
            rates[name].append(bench.pairs(options.pairs) / bare_pairs(url, options.pairs))
    print(
        f"{PLACES} places, time to live {options.ttl:g} s; after kill -9 of two holders: at once / ttl + 1 s / 3 ttl + 1 s"
    )
    for name in names:
        bench = Bench(name, url, options.ttl)
        print(
            f"{name:12} busy {' / '.join(map(str, bench.after_a_kill(busy=True)))}"
            f"   quiet {' / '.join(map(str, bench.after_a_kill(busy=False)))}"
            f"   beside one who works long {bench.beside_a_living_one()}"
            f"   a frozen one learns {bench.frozen()}"
            f"   pairs {median(rates[name]):.2f} of two empty scripts",
            flush=True,
        )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--ttl", type=float, default=2.0)
    parser.add_argument("--pairs", type=int, default=2000)
    parser.add_argument("--turns", type=int, default=5)
    parser.add_argument("--redis-url", default="")
    parser.add_argument("--holder", default="", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.holder:
        return hold(Bench(options.holder, options.redis_url, options.ttl))
    names = list(LIMITERS)
    try:
        import steindamm  # noqa: F401 - only whether it is there
    except ImportError:
        print("steindamm is not installed (make bench PEERS=1); the others alone:")
        names.remove("steindamm")
    with ExitStack() as stack:
        url = options.redis_url or stack.enter_context(own_server()).url
        stack.enter_context(sampled(url))
        compare(url, names, options)
    return 0


if __name__ == "__main__":
    sys.exit(main())
