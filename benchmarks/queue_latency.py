"""How long does a run take to reach the worker and its first event to come back: beside a bare Redis round trip.

    python benchmarks/queue_latency.py [--rounds 300] [--idle 0] [--home FOLDER]

Both go from this process to another and back over the same server: LPUSH/BRPOP with nothing on top; and the engine room's
queue (enqueue → actor → event → read). `--idle` waits so many seconds before each round, to see an idle worker wake.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from redis import Redis

from janus_lab.adapters.engine_room.attach import attach
from janus_lab.adapters.engine_room.inspect import inspect, stop
from janus_lab.adapters.events.redis import open_events
from janus_lab.adapters.queue.dramatiq_redis import open_queue
from janus_lab.settings import Settings
from janus_lab.values.event import Event, EventKind
from janus_lab.values.run import Priority

ECHO = """
import sys
from redis import Redis
client = Redis.from_url(sys.argv[1])
while True:
    client.lpush("bench:back", client.brpop("bench:there", timeout=0)[1])
"""


class Echo:
    """Answers each run with one event."""

    def __init__(self, settings: Settings) -> None:
        self._events = open_events(settings.redis_url)
        self._log = self._events.__enter__()

    def carry_out(self, run_id: str) -> None:
        """Say that the run is over."""
        self._log.append(Event(run_id, EventKind.DONE, {}, time.time()))

    def recover(self) -> list[tuple[str, Priority]]:
        """Nothing is left open here."""
        return []


@contextmanager
def open_echo(settings: Settings) -> Iterator[Echo]:
    """What the worker opens in place of its services."""
    yield Echo(settings)


def measure(turn: Callable[[int], object], rounds: int, idle: float) -> list[float]:
    """Milliseconds of each round, in order of length."""
    times = []
    for n in range(rounds + 10):
        time.sleep(idle)
        begun = time.perf_counter()
        turn(n)
        times.append((time.perf_counter() - begun) * 1000)
    return sorted(times[10:])


def bare(url: str, rounds: int, idle: float) -> list[float]:
    """LPUSH here, BRPOP there, and back."""
    other = subprocess.Popen([sys.executable, "-c", ECHO, url])
    try:
        with Redis.from_url(url) as client:

            def turn(n: int) -> None:
                client.lpush("bench:there", n)
                client.brpop("bench:back", timeout=10)

            return measure(turn, rounds, idle)
    finally:
        other.kill()
        other.wait()


def queued(url: str, rounds: int, idle: float) -> list[float]:
    """Enqueue here, an actor there, and its event back here."""
    with open_queue(url) as queue, open_events(url) as events:

        def turn(n: int) -> None:
            queue.enqueue(f"bench-{n}", Priority.INTERACTIVE)
            if not events.read(f"bench-{n}", wait_seconds=10):
                raise RuntimeError(f"round {n} was lost")

        return measure(turn, rounds, idle)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=300)
    parser.add_argument("--idle", type=float, default=0.0, help="seconds before each round")
    parser.add_argument("--home", type=Path, help="data directory; default: a temporary one")
    arguments = parser.parse_args()
    os.environ["PYTHONPATH"] = str(Path(__file__).parent)
    with TemporaryDirectory(prefix="janus-") as folder:
        home = arguments.home or Path(folder) / "home"
        url = attach(home, start=True, opener="queue_latency:open_echo").redis_url
        try:
            while not inspect(home).worker_ready:
                time.sleep(0.05)
            results = {f.__name__: f(url, arguments.rounds, arguments.idle) for f in (bare, queued)}
        finally:
            stop(home)
    for name, times in results.items():
        print(f"{name:7} p50 {median(times):7.2f} ms   p95 {times[int(len(times) * 0.95)]:7.2f} ms")
    print(f"ratio of p50 {median(results['queued']) / median(results['bare']):.1f}")


if __name__ == "__main__":
    main()
