"""A board as plain text, and the words in which every face tells what stands on one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import StrEnum

from janus_lab.values.board import Board
from janus_lab.values.gauge import Gauge, Unit, called, gauges
from janus_lab.values.lease import Lease, LeaseBook, LeaseRequest, ResourceUse, Waiting
from janus_lab.values.machine import ProcessUse
from janus_lab.values.run import Run
from janus_lab.values.size import size
from janus_lab.values.weights import spoken, weighed
from janus_lab.verbs.plain.amounts import duration
from janus_lab.verbs.plain.engine_room import subject
from janus_lab.verbs.plain.printable import one_line
from janus_lab.verbs.plain.queue import LENGTHS, length_cells
from janus_lab.verbs.plain.table import table

GAUGES = ("", "used", "", "leased", "others", "free to lease", "")
LEASES = ("lease", "holds", "class", "for", "state")
WAITING = ("waits", "wants", "class", "for", "short of")
PROCESSES = ("process", "pid", "whose", "memory", "GPU memory")
RUNS = ("run", "kind", "state", "for", "what")
PROCESSES_SHOWN = 12
_BAR = 20


def board(value: Board) -> str:
    """Gauges, then whoever holds, waits, uses and runs."""
    parts = [
        "\n".join(headline(value)),
        table(GAUGES, [_gauge_cells(gauge) for gauge in gauges(value)]) if value.sample or value.book else "",
        *(f"{title}\n{body}" for title, body in _lists(value) if body),
    ]
    return "\n\n".join(part for part in parts if part)


def headline(value: Board) -> list[str]:
    """The machine, whether leases are granted, and what is missing."""
    lines = [f"{one_line(value.machine, 80)}: {condition(value)}"]
    return [*lines, one_line(value.note, 300)] if value.note else lines


class Granting(StrEnum):
    """Whether leases are granted on a machine."""

    NONE = "none"
    """Nobody keeps a ledger of leases."""
    CLOSED = "closed"
    PARTLY = "partly"
    """Not of everything: something can't be measured."""
    OPEN = "open"


def granting(value: Board) -> Granting:
    """Whether leases are granted on the machine."""
    if value.book is None:
        return Granting.NONE
    failed = _failed(value.book)
    if not value.book.open or (failed and len(failed) == len(value.book.resources)):
        return Granting.CLOSED
    return Granting.PARTLY if failed else Granting.OPEN


def condition(value: Board) -> str:
    """Whether leases are granted on the machine, in words."""
    if value.book is None:
        return "no leases"
    match granting(value):
        case Granting.CLOSED:
            return "closed: nothing is granted until the machine can be measured again"
        case Granting.PARTLY:
            return f"leases are granted, but not of {', '.join(_failed(value.book))}"
        case _:
            return "leases are granted"


def _failed(book: LeaseBook) -> list[str]:
    return [one_line(called(name), 40) for name, use in book.resources.items() if use.capacity.failure]


def _lists(value: Board) -> Iterator[tuple[str, str]]:
    book = value.book
    if book is not None:
        at = book.at
        yield "Leases", _rows(LEASES, [lease_cells(each, at) for each in book.leases])
        yield "Waiting", _rows(WAITING, [waiting_cells(each, book) for each in book.waiting])
    yield "Processes", _rows(PROCESSES, [process_cells(each) for each in processes(value)])
    yield "Queues", _rows(LENGTHS, [length_cells(each) for each in value.queues])
    yield "Runs", _rows(RUNS, [run_cells(each, value.at) for each in value.runs])


def _rows(header: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    return table(header, rows) if rows else ""


def _gauge_cells(gauge: Gauge) -> tuple[str, ...]:
    if gauge.failure:
        return (gauge.label, "not known", "", "", "", "", one_line(gauge.failure, 100))
    bar = "#" * round(gauge.share * _BAR)
    load = "" if gauge.load is None else f"load {gauge.load:.0%}"
    told = (gauge.leased, gauge.outside, gauge.free) if gauge.budget is not None else (None, None, None)
    shares = tuple("–" if each is None else amount(each, gauge.unit) for each in told)
    detail = " · ".join(part for part in (load, one_line(gauge.detail, 80), gauge.heat) if part)
    return (one_line(gauge.label, 40), reading(gauge), bar.ljust(_BAR, "."), *shares, detail)


def reading(gauge: Gauge) -> str:
    """What is used of how much."""
    if gauge.unit is Unit.THREADS:
        return f"{gauge.share:.0%}"
    return f"{amount(gauge.used, gauge.unit)} of {amount(gauge.total, gauge.unit)}"


def amount(number: float, unit: Unit) -> str:
    """So much of a resource: bytes in powers of 1024, threads and places as they are."""
    if unit is not Unit.BYTES:
        return f"{number:g}"
    return size(number)


def held(weights: Mapping[str, int]) -> str:
    """What a lease covers, in words: "8.0 GiB of GPU 0, 2 threads"."""
    return one_line(weighed(weights), 200)


def asked_for(request: LeaseRequest) -> str:
    """What a lease is for, and who asked."""
    return " · ".join(part for part in (purpose(request), asker(request)) if part)


def purpose(request: LeaseRequest) -> str:
    """What a lease is for."""
    return one_line(request.purpose, 80) or "unnamed"


def asker(request: LeaseRequest) -> str:
    """The run and its step, and the cell that it was asked from."""
    run = f"run {request.run_id[:13]}" if request.run_id else ""
    return " · ".join(one_line(part, 80) for part in (run, request.step, request.cell) if part)


def lease_cells(value: Lease, at: float) -> tuple[str, ...]:
    """What there is to say about a lease, read at `at`."""
    request = value.request
    state = "asked to yield" if value.yield_wanted else "kept loaded" if request.lasting else "held"
    since = duration(max(0.0, at - value.granted_at))
    return asked_for(request), held(request.weights), request.priority.value, since, state


def waiting_cells(value: Waiting, book: LeaseBook) -> tuple[str, ...]:
    """What there is to say about a request that waits."""
    request = value.request
    since = duration(max(0.0, book.at - value.since))
    return asked_for(request), held(request.weights), request.priority.value, since, lacking(request, book) or "–"


def lacking(request: LeaseRequest, book: LeaseBook) -> str:
    """Of which resources less is free than the request wants; "" where it only waits for its turn."""
    return ", ".join(
        one_line(spoken(name), 40)
        for name, number in request.weights.items()
        if number > _free(book.resources.get(name))
    )


def _free(use: ResourceUse | None) -> int:
    return 0 if use is None else use.capacity.budget - use.capacity.outside - use.leased - use.ending


def processes(value: Board) -> list[ProcessUse]:
    """Who uses most, first: by accelerators' memory, then by main memory."""
    found = value.sample.processes if value.sample is not None else ()
    return sorted(found, key=lambda each: (-sum(each.vram.values()), -each.ram, each.pid))[:PROCESSES_SHOWN]


def process_cells(value: ProcessUse) -> tuple[str, ...]:
    """What there is to say about a process."""
    own = ", ".join(f"GPU {name} {amount(number, Unit.BYTES)}" for name, number in value.vram.items()) or "–"
    whose = "Janus" if value.ours else "other"
    return one_line(value.name, 40) or "?", str(value.pid), whose, amount(value.ram, Unit.BYTES), own


def run_cells(value: Run, at: float) -> tuple[str, ...]:
    """What there is to say about an open run."""
    age = duration(max(0.0, at - value.created_at))
    return value.id[:13], value.kind.value, value.state.value, age, one_line(subject(value), 60)
