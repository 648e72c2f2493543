"""The worker: carries out runs from the queues. `python -m janus_lab.jobs.worker --home PATH`."""

from __future__ import annotations

import argparse
import importlib
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import structlog

from janus_lab.adapters.engine_room.attach import WORKER_OPENER
from janus_lab.adapters.engine_room.paths import RoomPaths
from janus_lab.adapters.engine_room.report import Reporter
from janus_lab.errors import Defect, DiskFull, JanusError, StoreUnreachable
from janus_lab.jobs.brokers import chosen_brokers
from janus_lab.jobs.lifeline import exit_after, watch_parent
from janus_lab.settings import Settings, load_settings
from janus_lab.values.run import Priority

if TYPE_CHECKING:
    from dramatiq import Broker, Worker
    from redis import Redis

STDERR = "-"
"""The name of the log that goes to standard error."""
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


Opener = Callable[[Settings], AbstractContextManager[RunCarrier]]


def main(arguments: Sequence[str] | None = None) -> int:
    """Work until SIGTERM or SIGINT; the exit status is 0 then, and 1 if it could not start."""
    options = _parser().parse_args(arguments)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    reporter = Reporter(options.report_fd)
    try:
        settings = load_settings(options.home)
        alone = bool(options.redis_url)
        if alone:
            settings = replace(settings, redis_url=options.redis_url, broker_url="")
        _log_to(RoomPaths(options.home), settings, options.log)
        _work(settings, _opener(options.opener), stop, options.parent, reporter, alone=alone)
    except JanusError as error:
        reporter.failed(error)
        print("\n".join(error.lines()), file=sys.stderr)  # noqa: T201 - the supervisor keeps it
        return 1
    return 0


def _work(
    settings: Settings,
    open_carrier: Opener,
    stop: threading.Event,
    parent: int | None,
    reporter: Reporter,
    *,
    alone: bool,
) -> None:
    from janus_lab.adapters.redis_client import open_client
    from janus_lab.jobs.readiness import ready

    runs: set[str] = set()
    working = working_alone if alone else working_among_others
    with open_client(settings.url("redis_url"), decode_responses=False) as client:
        if parent is not None:
            watch_parent(parent, (lambda: _abandoned(client)) if alone else stop.set)
        with open_carrier(settings) as carrier:
            reporter.succeeded()
            with working(settings, carrier, stop, runs), ready(client, settings, lambda: tuple(runs)):
                stop.wait()
                exit_after(STOP_SECONDS)


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
        while True:
            try:
                carrier.sweep()
            except JanusError:
                _log.warning("sweep-failed", exc_info=True)
            if stop.wait(SWEEP_SECONDS):
                return

    with _workers(settings, _noting(carrier.carry_out, runs)):
        threading.Thread(target=sweep, name="sweep", daemon=True).start()
        yield


@contextmanager
def _workers(settings: Settings, carry_out: Callable[[str], None]) -> Iterator[None]:
    """A set of threads for each priority, so that batch work never takes all of them."""
    threads = {Priority.INTERACTIVE: max(1, settings.worker_threads), Priority.BATCH: BATCH_THREADS}
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


def _abandoned(client: Redis) -> None:
    """The supervisor is gone and nobody else would end the server: it is told to end, and so do we."""
    from redis.exceptions import RedisError

    with suppress(RedisError):
        client.shutdown(nosave=True)
    os._exit(1)


def _opener(name: str) -> Opener:
    module, _, function = name.partition(":")
    try:
        found: Opener = getattr(importlib.import_module(module), function)
    except (ImportError, AttributeError) as error:
        raise Defect(
            f"the worker can't load {name}: {error}", remedy="install janus-lab again, then `janus up`"
        ) from error
    return found


def _log_to(paths: RoomPaths, settings: Settings, name: str) -> None:
    from janus_lab.adapters.engine_room.directory import prepare
    from janus_lab.jobs.logs import log_to_file, log_to_stderr

    prepare(paths)
    if name == STDERR:
        log_to_stderr(settings.log_level)
    else:
        log_to_file(paths.log(name), settings.log_level)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="janus_lab.jobs.worker", description=__doc__)
    parser.add_argument("--home", type=Path, required=True, help="data directory")
    parser.add_argument(
        "--redis-url", default="", help="server that has no other worker; default: those in the settings"
    )
    parser.add_argument("--log", default="worker", help="name of the log file in logs/, or - for standard error")
    parser.add_argument("--parent", type=int, default=None, help="end with this process")
    parser.add_argument("--report-fd", type=int, default=None, help="pipe for the outcome of the start")
    parser.add_argument("--opener", default=WORKER_OPENER, help="module:function that opens the services")
    return parser


if __name__ == "__main__":
    status = main()
    # Threads of native libraries must not keep a finished worker alive.
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)
