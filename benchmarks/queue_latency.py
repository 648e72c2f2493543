"""How long does a run take to reach a worker and its last event to come back: beside a bare round trip on the same broker.

    python benchmarks/queue_latency.py [--rounds 300] [--idle 0] [--redis-url URL --broker-url URL]

Everything goes from this process to another and back. `bare` is LPUSH/BRPOP on Redis, or a pika publish with confirms and a
consumer on RabbitMQ; `queued` is what Janus does: ledger → queue → actor → claim → service → ledger → event → read.
Without URLs the embedded engine room is measured; with them, servers that you have, in a throw-away data directory.
`--idle` waits so many seconds before each round, to see an idle worker wake. Bare and queued take turns.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

from redis import Redis

from janus_lab.adapters.amqp_client import open_connection
from janus_lab.adapters.engine_room.attach import attach
from janus_lab.adapters.engine_room.inspect import inspect, stop
from janus_lab.adapters.engine_room.local_workers import start_workers
from janus_lab.adapters.engine_room.workers import ready_workers
from janus_lab.compose.links import open_link
from janus_lab.compose.worker import SweepingWorker
from janus_lab.ports.engine_room import Link
from janus_lab.ports.ledger import Ledger
from janus_lab.runs.context import RunContext
from janus_lab.runs.executor import Executor
from janus_lab.runs.follow import follow
from janus_lab.runs.sweep import Sweep
from janus_lab.schemes import factory
from janus_lab.settings import Settings
from janus_lab.values.ids import new_run_id
from janus_lab.values.run import Priority, Run, RunKind, RunState

OPENER = "queue_latency:open_nothing"
TURNS = 5
REDIS_ECHO = """
import sys
from redis import Redis
client = Redis.from_url(sys.argv[1])
while True:
    client.lpush("bench:back", client.brpop("bench:there", timeout=0)[1])
"""
RABBIT_ECHO = """
import sys
from janus_lab.adapters.amqp_client import open_connection
with open_connection(sys.argv[1]) as connection:
    channel = connection.channel()
    channel.confirm_delivery()
    for method, _, body in channel.consume("bench-there"):
        channel.basic_publish("", "bench-back", body)
        channel.basic_ack(method.delivery_tag)
"""


class Nothing:
    """The service that does nothing."""

    def execute(self, context: RunContext) -> Mapping[str, Any]:
        """Be done."""
        return {"attempt": context.run.attempts}


@contextmanager
def open_nothing(settings: Settings) -> Iterator[SweepingWorker]:
    """What the worker opens in place of its services."""
    with open_parts(settings) as (ledger, link):
        executor = Executor(
            holder=str(os.getpid()),
            ledger=ledger,
            events=link.events,
            claims=link.claims,
            queue=lambda: link.queue,
            services={RunKind.ASK: Nothing()},
        )
        sweep = Sweep(ledger=ledger, claims=link.claims, queue=link.queue, letters=link.letters)
        yield SweepingWorker(executor, sweep)


@contextmanager
def open_parts(settings: Settings) -> Iterator[tuple[Ledger, Link]]:
    """Ledger and servers, as client and worker see them."""
    relational = settings.url("relational_url")
    with ExitStack() as resources:
        ledger = resources.enter_context(factory("ledger", relational)(relational))
        yield ledger, open_link(settings, settings.redis_url, resources)


def timed(turn: Callable[[], object], rounds: int, idle: float) -> list[float]:
    """Milliseconds of each round."""
    times = []
    for _ in range(rounds):
        time.sleep(idle)
        begun = time.perf_counter()
        turn()
        times.append((time.perf_counter() - begun) * 1000)
    return times


@contextmanager
def bare_redis(url: str) -> Iterator[Callable[[], object]]:
    """LPUSH here, BRPOP there, and back."""
    other = subprocess.Popen([sys.executable, "-c", REDIS_ECHO, url])
    try:
        with Redis.from_url(url) as client:

            def turn() -> object:
                client.lpush("bench:there", 1)
                return client.brpop(["bench:back"], timeout=10)

            yield turn
    finally:
        other.kill()
        other.wait()


@contextmanager
def bare_rabbitmq(url: str) -> Iterator[Callable[[], object]]:
    """A confirmed, durable publish here, a consumer there, and back."""
    import pika

    with open_connection(url) as connection:
        channel = connection.channel()
        channel.confirm_delivery()
        for queue in ("bench-there", "bench-back"):
            channel.queue_declare(queue, durable=True)
        other = subprocess.Popen([sys.executable, "-c", RABBIT_ECHO, url])
        try:
            back = channel.consume("bench-back", auto_ack=True, inactivity_timeout=10)

            def turn() -> object:
                channel.basic_publish("", "bench-there", b"1", pika.BasicProperties(delivery_mode=2))
                return next(back)

            yield turn
        finally:
            other.kill()
            other.wait()
            channel.cancel()
            for queue in ("bench-there", "bench-back"):
                channel.queue_delete(queue)


def queued(ledger: Ledger, link: Link) -> None:
    """One run, from its row in the ledger to its last event."""
    run = Run(new_run_id(), RunKind.ASK, RunState.QUEUED, Priority.INTERACTIVE, {}, time.time())
    ledger.create(run)
    link.queue.enqueue(run.id, run.priority)
    for _ in follow(run.id, ledger=ledger, events=link.events):
        pass


@contextmanager
def started(settings: Settings) -> Iterator[Settings]:
    """Workers that are ready; yields the settings with the server's URL."""
    chosen = settings
    try:
        if settings.redis_url.startswith("embedded:"):
            chosen = Settings(home=settings.home, redis_url=attach(settings.home, start=True, opener=OPENER).redis_url)
            while not inspect(settings.home).worker_ready:
                time.sleep(0.05)
        else:
            environment = {"JANUS_REDIS_URL": settings.redis_url, "JANUS_BROKER_URL": settings.broker_url}
            start_workers(settings.home, processes=1, opener=OPENER, environment=environment)
            while not ready_workers(settings.redis_url)[1]:
                time.sleep(0.05)
        yield chosen
    finally:
        stop(settings.home)


def measure(settings: Settings, rounds: int, idle: float) -> dict[str, list[float]]:
    """Bare and queued rounds in alternating turns, each sorted."""
    results: dict[str, list[float]] = {"bare": [], "queued": []}
    with started(settings) as chosen, open_parts(chosen) as (ledger, link):
        bare = bare_rabbitmq(chosen.broker_url) if chosen.broker_url else bare_redis(chosen.redis_url)
        with bare as bare_turn:
            turns = {"bare": bare_turn, "queued": lambda: queued(ledger, link)}
            for turn in turns.values():
                timed(turn, 10, idle)
            for _ in range(TURNS):
                for name, turn in turns.items():
                    results[name] += timed(turn, rounds // TURNS, idle)
    return {name: sorted(times) for name, times in results.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=300)
    parser.add_argument("--idle", type=float, default=0.0, help="seconds before each round")
    parser.add_argument("--redis-url", default="embedded://{home}")
    parser.add_argument("--broker-url", default="", help="RabbitMQ; default: the queue is on Redis")
    arguments = parser.parse_args()
    os.environ["PYTHONPATH"] = str(Path(__file__).parent)
    with TemporaryDirectory(prefix="janus-") as folder:
        settings = Settings(home=Path(folder), redis_url=arguments.redis_url, broker_url=arguments.broker_url)
        results = measure(settings, arguments.rounds, arguments.idle)
    for name, times in results.items():
        print(f"{name:7} p50 {median(times):7.2f} ms   p95 {times[int(len(times) * 0.95)]:7.2f} ms")
    print(f"ratio of p50 {median(results['queued']) / median(results['bare']):.1f}")


if __name__ == "__main__":
    main()
