"""Runs, the engine room and the session as plain text."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from janus_lab.values.counted import count
from janus_lab.values.health import EngineRoomStatus, HealthReport, Verdict, WorkerState
from janus_lab.values.model import ModelTask
from janus_lab.values.run import Run, RunState
from janus_lab.verbs.listings import Pruned, Runs, SharedRun
from janus_lab.verbs.plain.amounts import duration, moment
from janus_lab.verbs.plain.printable import one_line
from janus_lab.verbs.plain.table import table
from janus_lab.verbs.session import Using

MARKS = {Verdict.OK: "ok", Verdict.WARNING: "warning", Verdict.FAILED: "FAILED"}


def runs(value: Runs) -> str:
    """A line a run."""
    if not value:
        return "No runs."
    rows = [
        (
            r.id[:13],
            r.kind.value,
            r.state.value,
            moment(r.created_at),
            duration(run_seconds(r)),
            one_line(subject(r), 60),
        )
        for r in value
    ]
    return table(("id", "kind", "state", "created", "ended after", "what"), rows)


def pruned(value: Pruned) -> str:
    """How many runs were forgotten."""
    return f"Forgot {count(value.runs, 'run')}." if value.runs else "No run is so old."


def run(value: Run) -> str:
    """One run with everything known about it."""
    return "\n".join(f"{name.ljust(9)} {text}" for name, text in run_facts(value))


def shared_run(value: SharedRun) -> str:
    """One run, and a line for each of its shares."""
    return f"{run(value.run)}\n\nShared among workers:\n{runs(Runs(value.shares))}"


def run_facts(value: Run) -> list[tuple[str, str]]:
    """What there is to say about a run, name and text."""
    facts = [
        ("id", value.id),
        ("kind", value.kind.value),
        ("state", value.state.value),
        ("what", one_line(subject(value), 300)),
        ("created", moment(value.created_at)),
        ("started", moment(value.started_at)),
        ("finished", _finished(value)),
        ("attempts", str(value.attempts)),
    ]
    if value.cell:
        facts.append(("asked in", one_line(value.cell, 200)))
    if value.state is RunState.PAUSED:
        facts.append(("next", f"`janus runs resume {value.id[:12]}` goes on with it"))
    if value.error is not None:
        facts += [
            ("error", one_line(f"{value.error.code}: {value.error.message}", 300)),
            ("remedy", one_line(value.error.remedy, 300)),
        ]
    if value.manifest:
        facts.append(("manifest", one_line(json.dumps(value.manifest, default=str, ensure_ascii=False), 600)))
    return facts


def subject(value: Run) -> str:
    """What a run is about: its question, queries, sources, model, collection, or the documents it removes."""
    request: Mapping[str, Any] = value.request
    if "question" in request:
        return str(request["question"])
    if request.get("document_ids"):
        documents = count(len(request["document_ids"]), "document")
        names = ", ".join(request.get("names") or request["document_ids"][:1])
        return f"{documents}: {names}"
    if request.get("messages"):
        return str(request["messages"][-1]["content"])
    items = next((request[name] for name in ("queries", "sources", "texts") if request.get(name)), ())
    if not items and request.get("scanned"):
        items = [source["origin"] for source in request["scanned"]["found"]]
    if not items:
        return str(request.get("uri") or request.get("name") or _indexed_anew(request))
    return f"{items[0]} … ({len(items):,})" if len(items) > 1 else f"{items[0]}"


def _indexed_anew(request: Mapping[str, Any]) -> str:
    """The collection of a reindex, and by which model."""
    model = f", by {request['model']}" if request.get("model") else ""
    return f"{request['collection']}{model}" if request.get("collection") else ""


def run_seconds(value: Run) -> float | None:
    """How long after its creation the run ended: with its wait in the queue and every attempt. None if it is not over."""
    return None if value.finished_at is None else value.finished_at - value.created_at


def _finished(value: Run) -> str:
    if value.finished_at is None:
        return moment(None)
    last = duration(value.finished_at - value.started_at) if value.started_at is not None else moment(None)
    return f"{moment(value.finished_at)}, {duration(run_seconds(value))} after its creation; last attempt: {last}"


def status(value: EngineRoomStatus) -> str:
    """The engine room, a fact a line."""
    return "\n".join(f"{name.ljust(12)} {text}" for name, text in status_facts(value))


def status_facts(value: EngineRoomStatus) -> list[tuple[str, str]]:
    """What there is to say about the engine room, name and text."""
    worker = (
        "–" if value.worker_pid is None else f"pid {value.worker_pid}, {'ready' if value.worker_ready else 'starting'}"
    )
    process = "" if value.server_pid is None else f"pid {value.server_pid}"
    server = f"{process} {value.server_version}".strip() or "–"
    # Of a room whose workers are all elsewhere it is only known that it runs.
    since = f" since {moment(value.started_at)}" if value.started_at else ""
    return [
        ("engine room", f"running{since}" if value.running else "not running"),
        *([("trouble", one_line(value.failure, 300))] if value.failure else []),
        ("data", one_line(value.home, 300)),
        ("profile", value.profile),
        ("server", server),
        *_workers(value.workers, worker),
        # A server that is not ours has connections, and does not know whose clients they are.
        *([("clients", str(value.clients))] if value.server_pid is not None or not value.server_version else []),
        ("open runs", str(value.open_runs)),
        ("documents", f"{value.documents:,} in {count(value.chunks, 'chunk')}"),
        *_indexes(value.indexes),
        *[(task, _chain(names)) for task, names in value.serving.items() if names or task == ModelTask.GENERATION],
    ]


def _indexes(indexes: Mapping[str, str]) -> list[tuple[str, str]]:
    """By which model each collection is searched: those of one model together."""
    models = dict.fromkeys(indexes.values())
    found = [([name for name, its in indexes.items() if its == model], model) for model in models]
    return [
        ("index", one_line(f"{', '.join(names)}: {model or 'by a model that was not noted'}", 300))
        for names, model in found
    ]


def _chain(names: Sequence[str]) -> str:
    """Who serves, and who in its place."""
    if not names:
        return "none: answers are quotes from the documents"
    first, *rest = [one_line(name, 80) for name in names]
    return f"{first}; where it can't: {', then '.join(rest)}" if rest else first


def _workers(ready: Sequence[WorkerState], own: str) -> list[tuple[str, str]]:
    """This room's own worker, or a fact for each of those that serve the same servers."""
    if not ready:
        return [("worker", own)]
    return [
        (
            "worker",
            one_line(
                f"{w.host} pid {w.pid}, ready since {moment(w.started_at)}, {count(len(w.runs), 'run')} under way", 200
            ),
        )
        for w in ready
    ]


def health(value: HealthReport) -> str:
    """A line a check, with what to do under each that is not well."""
    lines: list[str] = []
    for check in value.checks:
        lines.append(f"{MARKS[check.verdict].ljust(8)} {check.name}: {one_line(check.detail, 300)}")
        if check.verdict is not Verdict.OK and check.remedy:
            lines.append(f"         What to do next: {one_line(check.remedy, 300)}")
    lines.append("All is well." if value.healthy else "Something needs your hand.")
    return "\n".join(lines)


def using(value: Using) -> str:
    """What the session uses."""
    line = f"profile {value.profile}, collection {one_line(value.collection, 100)}, data in {one_line(value.home, 300)}"
    return "\n".join([line, *(f"  {name.ljust(15)} {one_line(url, 300)}" for name, url in value.servers.items())])
