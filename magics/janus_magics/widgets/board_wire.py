"""A board as it travels to the browser: numbers at every tick, whatever else there is only when it has changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from janus_lab.values.board import Board
from janus_lab.values.gauge import Gauge, Unit, gauges
from janus_lab.values.lease import Lease, LeaseBook, LeaseRequest, Waiting, vram
from janus_lab.values.machine import ProcessUse, Sample
from janus_lab.values.queue import QueueLength
from janus_lab.values.run import Run
from janus_lab.verbs.plain.board import asker, condition, granting, held, lacking, processes, purpose
from janus_lab.verbs.plain.engine_room import subject
from janus_lab.verbs.plain.printable import one_line

MEBIBYTE = 1 << 20
LEASES_SHOWN = 40
WAITING_SHOWN = 20
RUNS_SHOWN = 12
_FINEST_SHARE = 32
"""Processes' memory is told so finely: a list that changes with every page would be sent again and again."""


def tick(board: Board) -> dict[str, Any]:
    """The numbers of a board: by resource used, leased, ending, outside (MiB, threads, places), and a device's load in percent; its heat."""
    at = board.sample.at if board.sample is not None else board.at
    found = gauges(board)
    return {
        "at": round(at, 2),
        "now": round(board.at, 2),
        "use": {_key(each.resource): _use(each) for each in found},
        "heat": {_key(each.resource): each.heat for each in found if each.heat},
    }


def sections(board: Board) -> dict[str, Any]:
    """Everything on a board that seldom changes, by name; texts are ready to be shown (as text), times are since the epoch."""
    book = board.book
    return {
        "head": _head(board),
        "gauges": [_gauge(each) for each in gauges(board)],
        "leases": None if book is None else [_lease(each) for each in book.leases[:LEASES_SHOWN]],
        "waiting": None if book is None else [_waiting(each, book) for each in book.waiting[:WAITING_SHOWN]],
        "processes": None if board.sample is None else [_process(each) for each in processes(board)],
        "queues": [_queue(each) for each in board.queues],
        "runs": [_run(each) for each in board.runs[:RUNS_SHOWN]],
    }


def changed(before: Mapping[str, Any], now: Mapping[str, Any]) -> dict[str, Any]:
    """The sections that are not as they were."""
    return {name: section for name, section in now.items() if name not in before or before[name] != section}


def history(samples: Sequence[Sample]) -> list[dict[str, Any]]:
    """Samples as points of the curves: when, and by resource how much of the whole was used, and a device's load, in per mille."""
    return [_point(sample) for sample in samples]


def _point(sample: Sample) -> dict[str, Any]:
    shares: dict[str, list[int]] = {
        "cpu": [round(sample.cpu_load * 1000)],
        "ram": [_per_mille(sample.ram_used, sample.ram_total)],
    }
    for device in sample.devices:
        load = [] if device.load is None else [round(device.load * 1000)]
        shares[vram(device.id)] = [_per_mille(device.memory_used, device.memory_total), *load]
    return {"at": round(sample.at, 2), "share": shares}


def _key(resource: str) -> str:
    """A resource's name in messages: whoever asks for a named place chose it."""
    return one_line(resource, 60)


def _per_mille(used: float, total: float) -> int:
    return round(used / total * 1000) if total else 0


def _use(gauge: Gauge) -> list[float | int]:
    parts = [_number(each, gauge.unit) for each in (gauge.used, gauge.leased, gauge.ending, gauge.outside)]
    return parts if gauge.load is None else [*parts, round(gauge.load * 100)]


def _number(value: float, unit: Unit) -> float | int:
    return round(value / MEBIBYTE) if unit is Unit.BYTES else round(value, 2)


def _head(board: Board) -> dict[str, Any]:
    return {
        "machine": one_line(board.machine, 80),
        "state": granting(board).value,
        "condition": condition(board),
        "note": one_line(board.note, 300),
        "waiting": 0 if board.book is None else len(board.book.waiting),
        "leases": 0 if board.book is None else len(board.book.leases),
    }


def _gauge(gauge: Gauge) -> dict[str, Any]:
    budget = None if gauge.budget is None else _number(gauge.budget, gauge.unit)
    return {
        "resource": _key(gauge.resource),
        "label": one_line(gauge.label, 40),
        "unit": gauge.unit.value,
        "total": _number(gauge.total, gauge.unit),
        "budget": budget,
        "detail": one_line(gauge.detail, 80),
        "failure": one_line(gauge.failure, 200),
    }


def _request(request: LeaseRequest) -> dict[str, Any]:
    return {
        "for": purpose(request),
        "by": asker(request),
        "holds": held(request.weights),
        "class": request.priority.value,
        "pid": request.pid,
    }


def _lease(lease: Lease) -> dict[str, Any]:
    state = "yield" if lease.yield_wanted else "lasting" if lease.request.lasting else "held"
    waited = round(lease.waited_seconds, 1)
    return {**_request(lease.request), "since": round(lease.granted_at, 1), "waited": waited, "state": state}


def _waiting(waiting: Waiting, book: LeaseBook) -> dict[str, Any]:
    return {**_request(waiting.request), "since": round(waiting.since, 1), "lacking": lacking(waiting.request, book)}


def _process(process: ProcessUse) -> dict[str, Any]:
    memory = {name: round(number / MEBIBYTE) for name, number in process.vram.items()}
    ram = _coarse(round(process.ram / MEBIBYTE))
    return {"name": one_line(process.name, 40), "pid": process.pid, "ours": process.ours, "ram": ram, "vram": memory}


def _coarse(number: int) -> int:
    """The number in steps of a power of two that is small beside it."""
    step = 1 << max(0, (number // _FINEST_SHARE).bit_length())
    return number if number < _FINEST_SHARE else round(number / step) * step


def _queue(queue: QueueLength) -> list[Any]:
    return [one_line(queue.queue, 40), queue.waiting, queue.delayed, queue.under_way, queue.dead]


def _run(run: Run) -> dict[str, Any]:
    return {
        "id": run.id[:13],
        "kind": run.kind.value,
        "state": run.state.value,
        "since": round(run.created_at, 1),
        "what": one_line(subject(run), 80),
    }
