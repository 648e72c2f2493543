"""What does a lease cost: a grant and its release beside a bare round trip, and as leases and waiting requests grow in number.

    python benchmarks/lease_grants.py [--seconds 0.2] [--turns 40] [--processes 1,16] [--redis-url URL]

`leased` asks for memory and processor slots and gives them back, through the adapter; `bare` calls an empty script twice with
as many keys and arguments through the same client. They take short turns in the same processes, so that whatever else the machine
does meets both. Then one process asks while many
leases live and many requests wait for something else (`grant`, `release`), and while it must wait behind them (`queue`,
`withdraw`). Without a URL a server of the embedded default is started.
"""

from __future__ import annotations

import argparse
import multiprocessing
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from statistics import median, quantiles

import redis
from own_server import own_server

from janus_lab.adapters.leases.redis import RedisLeases
from janus_lab.adapters.redis import keys
from janus_lab.adapters.redis.client import open_client
from janus_lab.values.lease import CPU, RAM, Capacity, GrantState, LeaseRequest, slot
from janus_lab.values.run import Priority

HOST = "bench"
LONG = 3600.0
FORK = multiprocessing.get_context("fork")
CROWDS = [0, 100, 1000, 10_000]
FULL = slot("full")


def request(**weights: int) -> LeaseRequest:
    return LeaseRequest(
        uuid.uuid4().hex,
        weights or {RAM: 1 << 20, CPU: 1},
        Priority.BATCH,
        holder="worker-4711@bench",
        purpose="embed 32 chunks",
        pid=4711,
        run_id="0123456789abcdef0123456789abcdef",
        step="embed",
        cell="In [12] of notebook.ipynb",
    )


def leased(url: str) -> Iterator[Callable[[], None]]:
    """A pair of grant and release."""
    with open_client(url) as client:
        leases = RedisLeases(client, url)
        wanted = request()

        def pair() -> None:
            grant = leases.request(HOST, wanted, LONG)
            if not leases.release(HOST, wanted.id, grant.fence):
                raise SystemExit("a lease was lost")

        yield pair


def bare(url: str) -> Iterator[Callable[[], None]]:
    """Two calls of an empty script, with as many keys and arguments as the pair has."""
    with open_client(url) as client:
        script = client.register_script("return {1, 0, 0}")
        names = keys.leases(HOST)
        asking = [uuid.uuid4().hex, 3_600_000_000, 120_000_000, "2 0 4711", f"{RAM} 1048576 {CPU} 1", "x" * 130]
        releasing = [uuid.uuid4().hex, 1_800_000_000_000_000]

        def pair() -> None:
            script(keys=names, args=asking)
            script(keys=names, args=releasing)

        yield pair


def count(url: str, seconds: float, ready: object, answers: object) -> None:
    """How many pairs of each kind this process makes when its turn comes; told for each turn."""
    (with_leases,), (without,) = ([kind] for kind in (leased, bare))
    with ExitStack() as stack:
        kinds = [stack.enter_context(contextmanager(kind)(url)) for kind in (with_leases, without)]
        for turn in iter(ready.get, None):  # type: ignore[attr-defined]
            act, made, until = kinds[turn], 0, time.monotonic() + seconds
            while time.monotonic() < until:
                act()
                made += 1
            answers.put(made / seconds)  # type: ignore[attr-defined]


def compare(url: str, processes: int, seconds: float, turns: int) -> None:
    """Print pairs a second of both, by turns."""
    orders, answers = [FORK.SimpleQueue() for _ in range(processes)], FORK.Queue()
    crew = [FORK.Process(target=count, args=(url, seconds, order, answers), daemon=True) for order in orders]
    for process in crew:
        process.start()
    rates: list[list[float]] = [[], []]
    for turn in [0, 1] * (turns + 1):
        for order in orders:
            order.put(turn)
        rates[turn].append(sum(answers.get() for _ in crew))
    for order in orders:
        order.put(None)
    for process in crew:
        process.join()
    ratios = sorted(ours / theirs for ours, theirs in zip(*(side[1:] for side in rates), strict=True))
    low, _, high = quantiles(ratios)
    ours, theirs = (median(side[1:]) for side in rates)
    print(
        f"{processes:3} processes  leased {ours:8.0f} pairs/s  bare {theirs:8.0f} pairs/s  "
        f"ratio {ours / theirs:.2f} (half of the turns {low:.2f}–{high:.2f})"
    )


def timed(act: Callable[[], object]) -> float:
    began = time.perf_counter()
    act()
    return (time.perf_counter() - began) * 1000


def crowded(client: redis.Redis, url: str, crowd: int, rounds: int) -> None:
    """Print what each call costs while so many leases live and as many requests wait."""
    client.flushdb()
    leases = RedisLeases(client, url)
    publish(leases)
    for _ in range(crowd):
        leases.request(HOST, request(), LONG)
    if crowd:
        leases.request(HOST, request(**{FULL: 1}), LONG)
    for _ in range(crowd):
        leases.request(HOST, request(**{RAM: 1 << 20, CPU: 1, FULL: 1}), LONG)
    took: dict[str, list[float]] = {"bare": [], "grant": [], "release": [], "queue": [], "withdraw": []}
    empty = client.register_script("return {1, 0, 0}")
    for _ in range(rounds):
        took["bare"].append(timed(lambda: empty(keys=keys.leases(HOST), args=[1] * 6)))
        wanted, greedy = request(), request(**{FULL: 1, CPU: 1})
        began = time.perf_counter()
        grant = leases.request(HOST, wanted, LONG)
        took["grant"].append((time.perf_counter() - began) * 1000)
        if grant.state is not GrantState.GRANTED:
            raise SystemExit(f"not granted: {grant}")
        took["release"].append(timed(lambda one=wanted.id, fence=grant.fence: leases.release(HOST, one, fence)))
        took["queue"].append(timed(lambda one=greedy: leases.request(HOST, one, LONG)))
        took["withdraw"].append(timed(lambda one=greedy.id: leases.withdraw(HOST, one)))
    told = "  ".join(f"{name} {median(times):.3f} {quantiles(times, n=100)[98]:.3f}" for name, times in took.items())
    print(f"{crowd:6} leases, {crowd:6} waiting   {told}   (ms: median, 99th of 100)")


def publish(leases: RedisLeases) -> None:
    at, _ = leases.held(HOST)
    leases.publish(
        HOST,
        {RAM: Capacity(1 << 50), CPU: Capacity(1_000_000), FULL: Capacity(1)},
        measured_at=at,
        stale_seconds=LONG,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=0.2)
    parser.add_argument("--turns", type=int, default=40)
    parser.add_argument("--processes", default="1,16")
    parser.add_argument("--rounds", type=int, default=500)
    parser.add_argument("--redis-url", default="")
    options = parser.parse_args()
    with ExitStack() as stack:
        url = options.redis_url or stack.enter_context(own_server()).url
        with open_client(url) as client:
            client.flushdb()
            publish(RedisLeases(client, url))
        for processes in map(int, options.processes.split(",")):
            compare(url, processes, options.seconds, options.turns)
        with open_client(url) as client:
            for crowd in CROWDS:
                crowded(client, url, crowd, options.rounds)


if __name__ == "__main__":
    main()
