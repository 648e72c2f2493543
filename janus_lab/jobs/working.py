"""Carrying out runs: threads for each priority, alone with a server or beside other workers."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Protocol

import structlog

from janus_lab.errors import DiskFull, JanusError, StoreUnreachable
from janus_lab.jobs.brokers import chosen_brokers
from janus_lab.settings import Settings
from janus_lab.values.run import Priority

if TYPE_CHECKING:
    from dramatiq import Broker, Worker

BATCH_THREADS = 1
IDLE_WAKE_MS = 500
"""How often idle threads look whether they are to stop, and how late a delayed message may be."""
STOP_SECONDS = 5.0
"""A worker that is told to stop has ended after so long, whatever it was doing."""
SWEEP_SECONDS = 4.0
"""How often a worker among others looks for runs whose message was lost."""

_log = structlog.get_logger(__name__)


class RunCarrier(Protocol):
    """What carries out runs in the worker's process; see `janus_lab.compose.worker`."""

    def carry_out(self, run_id: str) -> None:
        """Do what is left of a run."""
        ...

    def recover(self) -> list[tuple[str, Priority]]:
        """Open runs that a crash may have left without a message; asked by a worker that is alone."""
        ...

    def sweep(self) -> object:
        """Queue open runs again that have lost their message; called now and then by a worker among others."""
        ...


@contextmanager
def working_alone(
    settings: Settings, carrier: RunCarrier, stop: threading.Event, runs: set[str] | None = None
) -> Iterator[None]:
    """Carry out runs inside, as the only worker of its server. `runs` holds the ids of those that are under way.

    `stop` is set when a run could neither be ended nor, for certain, be queued again, because the disk is full or a store
    does not answer: the worker that is started in this one's place takes up every open run.
    """
    from janus_lab.adapters.queue.dramatiq_redis import open_queue

    with open_queue(settings.url("redis_url")) as queue:
        for run_id, priority in carrier.recover():
            queue.enqueue(run_id, priority)
    with _workers(settings, _or_stop(_noting(carrier.carry_out, runs), stop)):
        yield


@contextmanager
def working_among_others(
    settings: Settings, carrier: RunCarrier, stop: threading.Event, runs: set[str] | None = None
) -> Iterator[None]:
    """Carry out runs inside, beside other workers. Runs whose message was lost are found by sweeping until `stop` is set."""

    def sweep() -> None:
        failing = False
        while True:
            try:
                carrier.sweep()
            except JanusError:
                # Once: it is tried again for as long as a store is away.
                if not failing:
                    _log.warning("sweep-failed", exc_info=True)
                failing = True
            else:
                if failing:
                    _log.warning("sweep-works-again")
                failing = False
            if stop.wait(SWEEP_SECONDS):
                return

    with _workers(settings, _noting(carrier.carry_out, runs)):
        threading.Thread(target=sweep, name="sweep", daemon=True).start()
        yield


@contextmanager
def _workers(settings: Settings, carry_out: Callable[[str], None]) -> Iterator[None]:
    """A set of threads for each priority, so that nothing that waits longer ever takes those of what is more urgent."""
    threads = {
        Priority.INTERACTIVE: max(1, settings.worker_threads),
        Priority.AGENT: max(1, settings.worker_threads // 2),
        Priority.BATCH: BATCH_THREADS,
    }
    brokers = chosen_brokers(settings)
    with ExitStack() as resources:
        workers = [
            build_worker(
                resources.enter_context(brokers.open()), brokers.queue_name(priority), priority, count, carry_out
            )
            for priority, count in threads.items()
        ]
        for worker in workers:
            worker.start()
        try:
            yield
        finally:
            stopping = [threading.Thread(target=worker.stop, args=(int(STOP_SECONDS * 1000),)) for worker in workers]
            for thread in stopping:
                thread.start()
            for thread in stopping:
                thread.join()


def build_worker(
    broker: Broker, queue_name: str, priority: Priority, threads: int, carry_out: Callable[[str], None]
) -> Worker:
    """A Dramatiq worker for one queue. It takes no message that it has no thread for: another worker may have one."""
    import dramatiq

    from janus_lab.jobs.actors import declare_actor

    declare_actor(broker, priority, queue_name, carry_out)
    worker = dramatiq.Worker(broker, worker_threads=threads, worker_timeout=IDLE_WAKE_MS)
    worker.queue_prefetch = threads
    return worker


def _noting(carry_out: Callable[[str], None], runs: set[str] | None) -> Callable[[str], None]:
    if runs is None:
        return carry_out

    def carry(run_id: str) -> None:
        runs.add(run_id)
        try:
            carry_out(run_id)
        finally:
            runs.discard(run_id)

    return carry


def _or_stop(carry_out: Callable[[str], None], stop: threading.Event) -> Callable[[str], None]:
    def carry(run_id: str) -> None:
        try:
            carry_out(run_id)
        except (DiskFull, StoreUnreachable):
            # A message is acknowledged even where its retry could not be queued: only the ledger still knows the run.
            stop.set()
            raise

    return carry
