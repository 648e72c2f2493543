"""A queue as it travels to the browser: texts ready to be shown (as text), and only what has changed."""

from __future__ import annotations

from typing import Any

from janus_lab.values.queue import DeadLetter
from janus_lab.values.run import Run, RunState
from janus_lab.values.work_queue import OpenedRun, QueuedRun, WorkQueue
from janus_lab.verbs.plain.amounts import duration, moment
from janus_lab.verbs.plain.engine_room import subject
from janus_lab.verbs.plain.printable import one_line
from janus_lab.verbs.plain.queue import detail, effect, lasting

TONES = {RunState.RUNNING: "good", RunState.PAUSED: "warn", RunState.FAILED: "bad"}
SHARES_SHOWN = 24


def sections(queue: WorkQueue) -> dict[str, Any]:
    """Everything but the runs themselves, by name."""
    unfinished = [each for each in queue.runs if not each.run.state.final]
    return {
        "note": one_line(queue.note, 300),
        "queues": [[one_line(q.queue, 40), q.waiting, q.delayed, q.under_way, q.dead] for q in queue.queues],
        "open": [each.run.id for each in unfinished],
        "ended": [each.run.id for each in queue.runs if each.run.state.final],
        "parked": [_letter(letter) for letter in queue.parked],
        "opened": _opened(queue.opened) if queue.opened is not None else None,
    }


def rows(queue: WorkQueue) -> dict[str, dict[str, Any]]:
    """The runs by id; times are seconds since the epoch."""
    return {each.run.id: row(each) for each in queue.runs}


def row(value: QueuedRun) -> dict[str, Any]:
    """One run."""
    run = value.run
    failed = run.state is RunState.FAILED and run.error is not None
    return {
        "id": run.id[:12],
        "kind": run.kind.value,
        "class": run.priority.value,
        "phase": value.phase,
        "tone": "dim" if value.phase == "waiting" else TONES.get(run.state, "dim"),
        "what": one_line(subject(run), 120) or run.kind.value,
        "cell": one_line(run.cell, 80),
        "since": round(run.created_at, 1),
        "lasted": duration(lasting(run, run.created_at)) if run.state.final else "",
        "detail": detail(value),
        "remedy": one_line(run.error.remedy, 200) if failed and run.error is not None else "",
        "share": _share(value),
        "acts": [act.value for act in value.acts],
    }


def _share(value: QueuedRun) -> float | None:
    """How much of a run is done, of 1; None where that is not known."""
    total = int(value.progress.get("files_total") or 0)
    if value.run.state.final or not total:
        return None
    return round(min(1.0, int(value.progress.get("files_done") or 0) / total), 3)


def _opened(value: OpenedRun) -> dict[str, Any]:
    shown = sorted(value.shares, key=lambda share: share.run.state.final)[:SHARES_SHOWN]
    return {
        "run": value.run.id,
        "facts": _facts(value.run),
        "count": value.step_count,
        "steps": [[one_line(step.key, 60), round(step.committed_at, 1), effect(step)] for step in value.steps],
        "shares": [row(share) for share in shown],
        "share_count": len(value.shares),
        "shares_over": sum(share.run.state.final for share in value.shares),
    }


def _facts(run: Run) -> str:
    begun = f"begun {moment(run.started_at)}" if run.started_at is not None else "not begun yet"
    return f"asked for {moment(run.created_at)} · {begun} · attempt {max(1, run.attempts)}"


def _letter(letter: DeadLetter) -> dict[str, str]:
    return {
        "id": letter.id,
        "queue": one_line(letter.queue, 40),
        "run": one_line(letter.run_id, 12),
        "why": one_line(letter.reason, 160),
        "at": moment(letter.died_at),
    }
