"""What the worker opens in these tests: instead of services, an echo of each run's id into the run's events and a file."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from janus_lab.adapters.events.redis import open_events
from janus_lab.errors import SettingsError
from janus_lab.settings import Settings
from janus_lab.values.event import Event, EventKind
from janus_lab.values.run import Priority


class Echo:
    """Carries out `sleep-SECONDS…` by sleeping, everything else at once. `open-runs` in the data directory is its ledger."""

    def __init__(self, settings: Settings, events) -> None:
        self._home = settings.home
        self._events = events

    def carry_out(self, run_id: str) -> None:
        self._note("begun", run_id)
        if run_id.startswith("sleep-"):
            until = time.monotonic() + float(run_id.split("-")[1])
            while time.monotonic() < until:
                time.sleep(0.01)
        self._note("ended", run_id)
        self._events.append(Event(run_id, EventKind.DONE, {"worker": os.getpid()}, time.time()))

    def sweep(self) -> None:
        pass

    def recover(self) -> list[tuple[str, Priority]]:
        file = self._home / "open-runs"
        return [(line, Priority.BATCH) for line in file.read_text().split()] if file.exists() else []

    def _note(self, what: str, run_id: str) -> None:
        with (self._home / "notes").open("a") as file:
            file.write(f"{what} {run_id} {os.getpid()}\n")


@contextmanager
def open_echo(settings: Settings) -> Iterator[Echo]:
    with open_events(settings.redis_url) as events:
        yield Echo(settings, events)


def open_wrong(settings: Settings):
    raise SettingsError("the model is called Bob", remedy="call it something else")


def open_dying(settings: Settings):
    print("the last words of a worker", file=sys.stderr, flush=True)
    os._exit(7)
