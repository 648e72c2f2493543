"""What there is to do and what the broker holds, as HTML: what stands where a live display can't be drawn."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from janus_lab.values.counted import count
from janus_lab.values.run import RunState
from janus_lab.values.work_queue import OpenedRun, QueuedRun, WorkQueue
from janus_lab.verbs.listings import DeadLetters
from janus_lab.verbs.plain.amounts import duration
from janus_lab.verbs.plain.engine_room import subject
from janus_lab.verbs.plain.printable import one_line
from janus_lab.verbs.plain.queue import (
    LENGTHS,
    LETTERS,
    NO_QUEUES,
    RUNS,
    STEPS,
    detail,
    lasting,
    length_cells,
    letter_cells,
    step_cells,
)
from janus_magics.render.markup import Markup, element, join, page, table

PHASES = {
    RunState.RUNNING: "good",
    RunState.PAUSED: "warn",
    RunState.FAILED: "bad",
}


def work_queue(value: WorkQueue) -> Markup:
    """Queues, then runs, then what was parked."""
    return page(*_parts(value))


def _parts(value: WorkQueue) -> Iterator[Markup]:
    if value.note:
        yield element("div", one_line(value.note, 300), kind="dim small")
    if value.queues:
        yield table(LENGTHS, [length_cells(each) for each in value.queues], numeric=(1, 2, 3, 4))
    elif not value.note:
        yield element("div", NO_QUEUES, kind="dim")
    if value.runs:
        yield _titled("Runs", RUNS, [_row(each, value.at) for each in value.runs], numeric=(3,))
    else:
        yield element("div", "No runs.", kind="dim")
    if value.parked:
        yield _titled("Parked", LETTERS, [letter_cells(each) for each in value.parked])
    if value.opened is not None:
        yield opened(value.opened)


def _row(value: QueuedRun, now: float) -> tuple[str, ...]:
    run = value.run
    where = element("div", one_line(run.cell, 80), kind="dim small") if run.cell else ""
    return (
        element("code", run.id[:12], title=run.id),
        run.kind.value,
        element("span", value.phase, kind=PHASES.get(run.state, "dim")),
        duration(lasting(run, now)),
        join((one_line(subject(run), 100), where)),
        detail(value),
    )


def opened(value: OpenedRun) -> Markup:
    """A run's last steps."""
    title = f"{count(value.step_count, 'finished step')} of run {value.run.id[:12]}"
    return _titled(title, STEPS, [step_cells(each) for each in value.steps])


def _titled(title: str, header: Sequence[str], rows: Sequence[Sequence[str]], *, numeric: Sequence[int] = ()) -> Markup:
    return join((element("div", title, kind="dim small"), table(header, rows, numeric=numeric)))


def letters(value: DeadLetters) -> Markup:
    """A row a parked message."""
    if not value:
        return page(element("div", "No message is parked.", kind="dim"))
    return page(table(LETTERS, [letter_cells(each) for each in value]))
