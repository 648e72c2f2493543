"""Gauges as lines of text: a bar that can be read without colours, and the numbers beside it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.text import Text

from janus_lab.values.gauge import Gauge, Unit
from janus_lab.verbs.plain.board import amount, reading
from janus_lab.verbs.plain.printable import one_line

LEASED, ENDING, OTHERS, FREE, KEPT = "█", "▓", "▒", "·", " "
_STYLES = {LEASED: "blue", ENDING: "red", OTHERS: "yellow", FREE: "dim", KEPT: ""}
_MEANINGS = ((LEASED, "leased"), (OTHERS, "others"), (FREE, "free to lease"))
_LABEL, _READING, _NUMBERS = 10, 16, 22
_SHORTEST, _LONGEST = 12, 60


def gauge_lines(gauges: Sequence[Gauge], width: int) -> Text:
    """A line a gauge, as wide as the terminal, and a legend below them."""
    label = max([_LABEL, *(len(gauge.label) + 1 for gauge in gauges)])
    cells = max(_SHORTEST, min(_LONGEST, width - label - _READING - _NUMBERS - 3))
    lines = [_line(gauge, label, cells, width) for gauge in gauges]
    return Text("\n").join([*lines, _legend(gauges, label)])


def bar(gauge: Gauge, cells: int) -> Text:
    """The whole of a resource: what leases cover, what others use, what may be leased, and what is kept back."""
    if not gauge.total:
        return Text(KEPT * cells)
    parts = list(_parts(gauge))
    drawn, upto = Text(), 0.0
    for mark, amount_ in parts:
        upto = min(gauge.total, upto + amount_)
        until = round(upto / gauge.total * cells)
        if amount_ and not until:
            until = 1  # a little is not nothing
        drawn.append(mark * max(0, until - len(drawn)), _STYLES[mark])
    return drawn.append(KEPT * (cells - len(drawn)))


def _parts(gauge: Gauge) -> Iterator[tuple[str, float]]:
    if gauge.budget is None or gauge.free is None:
        yield OTHERS, gauge.used
        yield FREE, gauge.total - gauge.used
        return
    yield LEASED, gauge.leased
    yield ENDING, gauge.ending
    # Nobody measures whose threads compute: what is busy beyond the leases counts as others' here.
    computing = gauge.used - gauge.leased - gauge.ending if gauge.unit is Unit.THREADS else 0.0
    others = max(gauge.outside, computing)
    yield OTHERS, others
    yield FREE, max(0.0, gauge.budget - gauge.leased - gauge.ending - others)


def _line(gauge: Gauge, label: int, cells: int, width: int) -> Text:
    line = Text(end="").append(one_line(gauge.label, label - 1).ljust(label), "bold")
    if gauge.failure:
        line.append("not known: ", "red").append(one_line(gauge.failure, max(20, width - label - 12)), "red")
        return line
    line.append(bar(gauge, cells)).append(" ").append(_reading(gauge).rjust(_READING)).append("  ")
    return line.append(_numbers(gauge, width - len(line)), "dim")


def _reading(gauge: Gauge) -> str:
    """As `reading`, the unit once: "21.0 of 64.0 GiB"."""
    used, _, total = reading(gauge).partition(" of ")
    number, _, unit = used.partition(" ")
    return f"{number} of {total}" if total and total.endswith(f" {unit}") else reading(gauge)


def _numbers(gauge: Gauge, room: int) -> str:
    parts = [] if gauge.load is None else [f"load {gauge.load:.0%}"]
    if gauge.free is not None:
        unit = " threads" if gauge.unit is Unit.THREADS else ""
        parts.append(f"{amount(gauge.free, gauge.unit)}{unit} free")
    parts += [part for part in (gauge.heat, one_line(gauge.detail, 60)) if part]
    text = ""
    for part in parts:
        longer = f"{text} · {part}" if text else part
        if len(longer) > room:
            break
        text = longer
    return text


def _legend(gauges: Sequence[Gauge], label: int) -> Text:
    told = [(OTHERS, "used"), (FREE, "free")]
    if any(gauge.budget is not None for gauge in gauges):
        told = list(_MEANINGS)
    if any(gauge.ending for gauge in gauges):
        told.insert(1, (ENDING, "of dead holders"))
    line = Text(" " * label)
    for mark, meaning in told:
        line.append(mark, _STYLES[mark]).append(f" {meaning}   ", "dim")
    return line
