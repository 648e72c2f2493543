"""A lab to watch: a busy machine with two accelerators, leases, runs and keys, all of which a test may change."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest

from janus_lab.cli.top.app import PANES, Top
from janus_lab.errors import NotFound, UserError
from janus_lab.values.board import Board
from janus_lab.values.lease import CPU, RAM, Capacity, Lease, LeaseBook, LeaseRequest, ResourceUse, Waiting, vram
from janus_lab.values.machine import Device, ProcessUse, Sample
from janus_lab.values.queue import QueueLength
from janus_lab.values.run import Priority, Run, RunError, RunKind, RunState
from janus_lab.values.stored_key import KeyContent, KeyPage, StoredKey

SMALLEST = (80, 24)
PATIENCE_SECONDS = 60.0
"""A busy machine draws late; nobody waits so long on an idle one."""
GIB = 1024**3
HOSTILE = "[red]x[/] \x1b[2J\u202e"
IDS = ("0199ab00", "0199ab01", "0199ab02", "0199ab03", "0199ab04")


def _sample(at: float) -> Sample:
    devices = (
        Device("0", "NVIDIA RTX 4090", memory_total=24 * GIB, memory_used=11 * GIB, load=0.83, temperature_celsius=64),
        Device("1", "NVIDIA RTX 4090", failure="it fell off the bus"),
    )
    processes = (
        ProcessUse(4102, "janus-worker", ram=3 * GIB, vram={"0": 8 * GIB}, ours=True),
        ProcessUse(977, f"python train.py {HOSTILE}", ram=GIB, vram={"0": 3 * GIB}),
        ProcessUse(4099, "janus-server", ram=GIB // 64, ours=True),
    )
    return Sample("host-a", at, 8, 0.41, 64 * GIB, 21 * GIB, devices, processes, {"vram:1": "it fell off the bus"})


def _book(at: float) -> LeaseBook:
    resources = {
        CPU: ResourceUse(Capacity(7), leased=2),
        RAM: ResourceUse(Capacity(56 * GIB, outside=16 * GIB), leased=6 * GIB, ending=GIB),
        vram("0"): ResourceUse(Capacity(23 * GIB, outside=3 * GIB), leased=8 * GIB),
        vram("1"): ResourceUse(Capacity(23 * GIB, failure="it fell off the bus")),
    }

    def asked(number: int, priority: Priority, purpose: str, weights: dict[str, int], **more) -> LeaseRequest:
        return LeaseRequest(f"lease-{number}", weights, priority, "host-a:4102", purpose, 4102, IDS[number], **more)

    leases = (
        Lease(asked(0, Priority.BATCH, "model llama", {vram("0"): 8 * GIB}, lasting=True), 17, at - 600, at + 10),
        Lease(asked(1, Priority.BATCH, "embedding", {CPU: 2, RAM: 2 * GIB}), 18, at - 3, at + 10, yield_wanted=True),
    )
    waiting = (Waiting(asked(2, Priority.INTERACTIVE, "answer", {CPU: 6}, cell="In [12] of x.ipynb"), at - 1.5),)
    return LeaseBook("host-a", at, open=True, resources=resources, leases=leases, waiting=waiting)


def _run(number: int, kind: RunKind, state: RunState, **more) -> Run:
    request = {"question": f"what was measured? {HOSTILE}"} if kind is RunKind.ASK else {"sources": ["papers/", "x"]}
    made = Run(IDS[number], kind, state, Priority.BATCH, request, time.time() - 90)
    return replace(made, finished_at=made.created_at + 61, **more) if state.final else replace(made, **more)


class Lab:
    """What `janus top` watches; it remembers what was asked of it."""

    def __init__(self) -> None:
        self.done: list[tuple[str, str]] = []
        self.failure: Exception | None = None
        at = time.time()
        queues = (QueueLength("interactive", 1, 0, 0, 0), QueueLength("batch", 12, 1, 2, 3))
        self.shown = Board(at, "host-a", ("host-a", "host-b"), _sample(at), _book(at), queues)
        self.found = [
            _run(0, RunKind.INGEST, RunState.RUNNING),
            _run(1, RunKind.ASK, RunState.QUEUED),
            _run(2, RunKind.ASK, RunState.DONE),
            _run(3, RunKind.INGEST, RunState.FAILED, error=RunError("disk-full", "the disk is full", "free some")),
        ]
        self.keys = Keys()

    def board(self, machine: str | None = None) -> Board:
        if self.failure is not None:
            raise self.failure
        return replace(self.shown, at=time.time(), machine=machine or "host-a")

    def runs(self, *, limit: int = 50, brief: bool = False) -> list[Run]:
        return self.found[:limit]

    def cancel(self, run_id: str) -> Run:
        self.done.append(("cancel", run_id))
        return next(run for run in self.found if run.id == run_id)

    def pause(self, run_id: str) -> Run:
        return self._turned(run_id, "pause", RunState.PAUSED)

    def resume(self, run_id: str) -> Run:
        return self._turned(run_id, "resume", RunState.QUEUED)

    def _turned(self, run_id: str, what: str, state: RunState) -> Run:
        self.done.append((what, run_id))
        self.found = [replace(run, state=state) if run.id == run_id else run for run in self.found]
        return next(run for run in self.found if run.id == run_id)

    def retry(self, run_id: str) -> None:
        if run_id != IDS[3]:
            raise UserError("it is not over", remedy="wait for its end")
        self.done.append(("retry", run_id))


class Keys:
    """Keys as `lab.keys` tells them."""

    def __init__(self) -> None:
        names = [f"{{janus}}:claim:{id_}" for id_ in IDS[:2]] + [f"{{janus}}:events:{n:04}" for n in range(8)]
        self.there = [
            *(StoredKey(name, "hash", "claim", 12.0, 120, 2) for name in names[:2]),
            *(StoredKey(name, "stream", "event stream", 86_000.0, 4400, 6) for name in names[2:]),
            StoredKey("{janus}:odd [red]", "string", "", None, 64, 5),
        ]

    def find(self, pattern: str = "*") -> KeyPage:
        return KeyPage(pattern, time.time(), tuple(self.there))

    def read(self, name: str) -> KeyContent:
        key = next((key for key in self.there if key.name == name), None)
        if key is None:
            raise NotFound(f"there is no key {name}", remedy="list them")
        return KeyContent(key, time.time(), f"About {name}.", "nothing", {"holder": HOSTILE, "fence": 17}, shown=2)


@pytest.fixture
def lab() -> Lab:
    return Lab()


@pytest.fixture
def ids() -> tuple[str, ...]:
    return IDS


class Person:
    """Sits before `janus top`: reads the screen and presses keys."""

    def __init__(self, app: Top, pilot) -> None:
        self.app = app
        self._pilot = pilot

    @property
    def screen(self) -> str:
        """What a person reads, a line a row."""
        strips = self.app.screen._compositor.render_strips()
        return "\n".join("".join(segment.text for segment in strip) for strip in strips)

    async def presses(self, *keys: str) -> None:
        """Press keys one after the other."""
        await self._pilot.press(*keys)

    async def waits(self, seen: Callable[[], object], why: str) -> None:
        """Wait until this holds."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not seen():
            assert time.monotonic() < deadline, f"{why}; the screen:\n{self.screen}"
            await self._pilot.pause(0.02)

    async def sees(self, *words: str) -> str:
        """The screen, once all these words stand on it."""
        text = ""

        def stand() -> bool:
            nonlocal text
            text = self.screen
            return all(each in text for each in words)

        await self.waits(stand, f"not all of {words} are on the screen")
        return text

    async def turns_to(self, number: str, *words: str) -> str:
        """Go to a pane by its number; the screen, once these words stand on it and the pane hears the keyboard."""
        pane = self.app.query_one(f"#{PANES[int(number) - 1]}")
        await self.presses(number)
        await self.waits(lambda: self.app.focused and pane in self.app.focused.ancestors, "the pane hears no keys")
        return await self.sees(*words)


@pytest.fixture
def driven(lab: Lab) -> Callable[..., None]:
    """Lets a person do something with the app at the smallest terminal, once its first board stands."""

    def drive(do: Callable[[Person], Awaitable[None]], size: tuple[int, int] = SMALLEST) -> None:
        async def session() -> None:
            app = Top(lab, seconds=0.05)
            app.NOTIFICATION_TIMEOUT = PATIENCE_SECONDS
            async with app.run_test(size=size, notifications=True) as pilot:
                person = Person(app, pilot)
                await person.sees("janus-worker")
                await do(person)

        asyncio.run(session())

    return drive
