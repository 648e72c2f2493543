"""A board as it is at one moment, as HTML: what stands where a live one can't be drawn."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from janus_lab.values.board import Board
from janus_lab.values.gauge import Gauge, Unit, gauges
from janus_lab.verbs.plain.board import (
    LEASES,
    PROCESSES,
    RUNS,
    WAITING,
    Granting,
    amount,
    condition,
    granting,
    lease_cells,
    process_cells,
    processes,
    reading,
    run_cells,
    waiting_cells,
)
from janus_lab.verbs.plain.printable import one_line
from janus_lab.verbs.plain.queue import LENGTHS, length_cells
from janus_magics.render.markup import Markup, element, escape, join, page, table

_HOT = 0.9


def board(value: Board) -> Markup:
    """Gauges, then whoever holds, waits, uses and runs."""
    closed = granting(value) in (Granting.CLOSED, Granting.PARTLY)
    head = element("div", element("b", one_line(value.machine, 80)), " ", _badge(condition(value), closed=closed))
    note = element("div", one_line(value.note, 300), kind="dim small") if value.note else ""
    return page(head, note, _gauges(value), *_lists(value))


def _badge(words: str, *, closed: bool) -> Markup:
    return element("span", words, kind="badge warn" if closed else "badge dim")


def _gauges(value: Board) -> Markup:
    rows = [_row(gauge) for gauge in gauges(value)]
    header = ("", "used", "", "leased", "others", "free to lease", "")
    return table(header, rows, numeric=(3, 4, 5)) if rows else escape("")


def _row(gauge: Gauge) -> tuple[str, ...]:
    detail = " · ".join(part for part in (one_line(gauge.detail, 80), gauge.heat) if part)
    if gauge.failure:
        return (
            gauge.label,
            "not known",
            "",
            "",
            "",
            "",
            join((element("span", gauge.failure, kind="warn"), " ", detail)),
        )
    load = "" if gauge.load is None else f"load {gauge.load:.0%} · "
    told = (gauge.leased, gauge.outside, gauge.free) if gauge.budget is not None else (None, None, None)
    shares = ("–" if each is None else amount(each, gauge.unit) for each in told)
    kind = "bad" if gauge.share > _HOT and gauge.unit is Unit.BYTES else ""
    return one_line(gauge.label, 40), element("span", reading(gauge), kind=kind), bar(gauge), *shares, load + detail


def bar(gauge: Gauge) -> Markup:
    """How much is used, drawn."""
    return Markup(
        f'<div class="bar" style="width:12em" title="{gauge.share:.0%}">'
        f'<div style="width:{gauge.share * 100:.1f}%"></div></div>'
    )


def _lists(value: Board) -> Iterator[Markup]:
    book = value.book
    if book is not None:
        yield _list("Leases", LEASES, [lease_cells(each, book.at) for each in book.leases])
        yield _list("Waiting", WAITING, [waiting_cells(each, book) for each in book.waiting])
    yield _list("Processes", PROCESSES, [process_cells(each) for each in processes(value)], (1, 3, 4))
    yield _list("Queues", LENGTHS, [length_cells(each) for each in value.queues], (1, 2, 3, 4))
    yield _list("Runs", RUNS, [run_cells(each, value.at) for each in value.runs])


def _list(title: str, header: Sequence[str], rows: Sequence[Sequence[str]], numeric: Sequence[int] = ()) -> Markup:
    if not rows:
        return escape("")
    return join((element("div", title, kind="dim small"), table(header, rows, numeric=numeric)))
