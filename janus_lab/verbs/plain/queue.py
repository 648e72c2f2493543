"""What there is to do, and what the broker holds, as plain text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from janus_lab.values.counted import count
from janus_lab.values.queue import DeadLetter, QueueLength
from janus_lab.values.run import Run, RunState, Step
from janus_lab.values.work_queue import OpenedRun, QueuedRun, WorkQueue
from janus_lab.verbs.listings import DeadLetters
from janus_lab.verbs.plain.amounts import duration, moment
from janus_lab.verbs.plain.engine_room import subject
from janus_lab.verbs.plain.printable import one_line
from janus_lab.verbs.plain.table import table

LENGTHS = ("queue", "waiting", "delayed", "under way", "parked")
LETTERS = ("id", "queue", "run", "died", "why")
RUNS = ("run", "kind", "state", "for", "what", "how far")
STEPS = ("step", "finished", "what it did")
NO_QUEUES = "No queues: runs are carried out here."


def work_queue(value: WorkQueue) -> str:
    """Queues, then runs, then what was parked."""
    return "\n\n".join(_parts(value))


def _parts(value: WorkQueue) -> Iterator[str]:
    if value.note:
        yield one_line(value.note, 300)
    if value.queues:
        yield table(LENGTHS, [length_cells(each) for each in value.queues])
    elif not value.note:
        yield NO_QUEUES
    yield table(RUNS, [run_cells(each, value.at) for each in value.runs]) if value.runs else "No runs."
    if value.parked:
        yield f"Parked, because no worker could handle them:\n{table(LETTERS, [letter_cells(each) for each in value.parked])}"
    if value.opened is not None:
        yield opened(value.opened)


def opened(value: OpenedRun) -> str:
    """A run's last steps."""
    head = f"{count(value.step_count, 'finished step')} of run {value.run.id[:12]}"
    return f"{head}\n{table(STEPS, [step_cells(each) for each in value.steps])}" if value.steps else head


def letters(value: DeadLetters) -> str:
    """A line a parked message."""
    return table(LETTERS, [letter_cells(each) for each in value]) if value else "No message is parked."


def run_cells(value: QueuedRun, now: float) -> tuple[str, ...]:
    """What there is to say about a run at `now`, seconds since the epoch."""
    what = one_line(subject(value.run), 60)
    return value.run.id[:12], value.run.kind.value, value.phase, duration(lasting(value.run, now)), what, detail(value)


def lasting(run: Run, now: float) -> float:
    """Seconds since its creation: until its end, or now."""
    return max(0.0, (run.finished_at if run.finished_at is not None else now) - run.created_at)


def detail(value: QueuedRun) -> str:
    """How far a run is, what it waits for, or why it failed."""
    run = value.run
    if run.state is RunState.FAILED and run.error is not None:
        return one_line(f"{run.error.code}: {run.error.message}", 160)
    if run.state is RunState.QUEUED and not value.held:
        return "next" if not value.before else f"behind {count(value.before, 'run')}"
    if run.state is RunState.RUNNING and not value.held:
        return "waits for a worker"
    if value.waits:
        return one_line(f"waits for {_waited_for(value.waits)}", 160)
    return _how_far(value.progress) if value.progress and not run.state.final else ""


def step_cells(value: Step) -> tuple[str, ...]:
    """What there is to say about a finished step."""
    return one_line(value.key, 40), moment(value.committed_at), effect(value)


def effect(value: Step) -> str:
    """What a step did: the files it ended, and its numbers."""
    numbers = {k: v for k, v in value.effect.items() if isinstance(v, int | float) and not isinstance(v, bool)}
    files = value.effect.get("outcomes")
    told = [count(len(files), "file")] if isinstance(files, list) else []
    told += [f"{n:,.1f} s" if name == "seconds" else f"{n:,} {name.replace('_', ' ')}" for name, n in numbers.items()]
    return one_line(" · ".join(told), 160)


def _waited_for(waits: Mapping[str, Any]) -> str:
    return f"{waits.get('what') or 'its turn'}, for {duration(float(waits.get('seconds') or 0.0))} by now"


def _how_far(progress: Mapping[str, Any]) -> str:
    done, total = int(progress.get("files_done", 0)), int(progress.get("files_total", 0))
    parts = [f"{done:,} of {count(total, 'file')}", f"{count(int(progress.get('chunks_done', 0)), 'chunk')}"]
    if (left := progress.get("seconds_left")) is not None:
        parts.append(f"{duration(float(left))} left")
    return " · ".join(parts)


def length_cells(value: QueueLength) -> tuple[str, ...]:
    """What there is to say about a queue."""
    under_way = "–" if value.under_way is None else str(value.under_way)
    return one_line(value.queue, 60), str(value.waiting), str(value.delayed), under_way, str(value.dead)


def letter_cells(value: DeadLetter) -> tuple[str, ...]:
    """What there is to say about a parked message."""
    run = one_line(value.run_id, 13) if value.run_id else "–"
    return one_line(value.id, 36), one_line(value.queue, 60), run, moment(value.died_at), one_line(value.reason, 120)
