"""Kills an ingest at every effect on a store, resumes it, and compares the end with that of an ingest left alone.

Run as a program with a folder to work in. It opens no store itself: every ingest happens in a fork of this one process, so
that hundreds of crashes cost no more than their own work. Prints how many crashes there were; any difference is an error.
"""

from __future__ import annotations

import itertools
import json
import os
import pickle
import shutil
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

from janus_lab.errors import NotFound
from janus_lab.ingest import published, step
from janus_lab.ingest.reindex import ReindexService
from janus_lab.ingest.removal import RemoveService
from janus_lab.schemes import factory
from janus_lab.values.codec import to_json
from janus_lab.values.ids import content_id
from janus_lab.values.request import IngestRequest, ReindexRequest, RemoveRequest
from janus_lab.values.run import Priority, Run, RunKind, RunState

spec = spec_from_file_location("ingest_conftest", Path(__file__).with_name("conftest.py"))
conftest = module_from_spec(spec)
sys.modules["ingest_conftest"] = conftest
spec.loader.exec_module(conftest)

KILLED = 77
EFFECTS = frozenset(
    {
        *("stage", "publish", "remove", "record", "forget", "put", "ensure", "upsert", "delete", "commit_step"),
        *("prepare", "switch", "drop"),
    }
)
PORTS = ("documents", "sources", "objects", "vectors")


class Dying:
    """A port that ends the process right after the n-th effect on any port, which is also right before the next."""

    def __init__(self, port: Any, countdown: Callable[[], None]) -> None:
        self._port = port
        self._countdown = countdown

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._port, name)
        if name not in EFFECTS:
            return method

        def effect(*arguments: Any, **options: Any) -> Any:
            result = method(*arguments, **options)
            self._countdown()
            return result

        return effect


def countdown(effects: int | None) -> Callable[[], None]:
    left = itertools.count(effects if effects is not None else 10**9, -1)

    def count() -> None:
        if next(left) == 0:
            os._exit(KILLED)

    return count


def in_fork(work: Callable[[], Any]) -> tuple[int, Any]:
    """The exit status of a fork that does `work`, and what that returned."""
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(reading)
        status = 1
        try:
            with os.fdopen(writing, "wb") as pipe:
                pickle.dump(work(), pipe)
            status = 0
        finally:
            sys.stderr.flush()
            os._exit(status)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        data = pipe.read()
    _, status = os.waitpid(pid, 0)
    return os.waitstatus_to_exitcode(status), pickle.loads(data) if data else None


def attempt(home: Path, kind: RunKind, request: object, effects: int | None) -> dict[str, Any]:
    """One attempt at a run, killed after so many effects; the state of all stores if it lives."""
    step.STEP_CHUNKS = published.AT_ONCE = 6
    step.STEP_FILES = 2
    with ExitStack() as stack:
        room = conftest.open_room(stack, home)
        run = begun(room, kind, request)
        if kind is RunKind.REINDEX:
            # Whatever an earlier attempt has come to, the old index serves whole, or the new one does.
            room.check()
        count = countdown(effects)
        for port in PORTS:
            object.__setattr__(room.stores, port, Dying(getattr(room.stores, port), count))
        room.ledger = Dying(room.ledger, count)
        services = {
            RunKind.INGEST: room.service,
            RunKind.REMOVE: lambda: RemoveService(room.stores),
            RunKind.REINDEX: lambda: ReindexService(room.ledger, room.stores, grace_seconds=0),
        }
        result = services[kind]().execute(room.context(run))
        told = {key: result[key] for key in ("added", "changed", "unchanged", "documents", "chunks") if key in result}
        origins = [document.origin.partition("#")[0] for document in room.stores.documents.iterate()]
        stamps = room.stores.sources.stamps("default", {*origins, "files/gone.txt"})
        state = room.check()
        state["indexes"] = [replace(index, made_by="") for index in state["indexes"]]
        return {**state, "stamps": stamps, "report": told}


def begun(room: Any, kind: RunKind, request: object) -> Run:
    """The one run of this kind and request, recorded by the first attempt."""
    run_id = content_id("run", kind, repr(request), str(room.home.parent.stat().st_ino))
    try:
        return room.ledger.get(run_id)
    except NotFound:
        room.ledger.create(Run(run_id, kind, RunState.QUEUED, Priority.BATCH, to_json(request), time.time()))
        room.ledger.start(run_id, 1, time.time())
        return room.ledger.get(run_id)


def all_crashes(base: Path, work: Path, kind: RunKind, request: object, *, every: int = 1) -> int:
    """Kill the run at every effect in turn (or every third, say), resume it, compare. `base` is the project before the run."""

    def fresh() -> Path:
        shutil.rmtree(work, ignore_errors=True)
        shutil.copytree(base, work)
        return work / ".janus"

    home = fresh()
    status, clean = in_fork(lambda: attempt(home, kind, request, None))
    assert status == 0, "the run fails even when it is left alone"
    for effects in itertools.count(0, every):
        home = fresh()
        status, state = in_fork(lambda h=home, e=effects: attempt(h, kind, request, e))
        if status == 0:
            return effects
        assert status == KILLED, f"attempt {effects} ended with {status}"
        status, state = in_fork(lambda h=home: attempt(h, kind, request, None))
        assert status == 0, f"resuming after effect {effects} ended with {status}"
        for part, value in clean.items():
            assert state[part] == value, f"after effect {effects}, {part} differ:\n{state[part]}\nnot\n{value}"
    raise AssertionError


def write_files(folder: Path, *, edited: bool) -> None:
    folder.mkdir(exist_ok=True)
    words = [f"Alpha words number {n} stand here, and some more of them follow after these ones." for n in range(22)]
    if edited:
        words[12] = "Another sentence."
    (folder / "a.md").write_text(f"---\nyear: {2021 if edited else 2020}\n---\n# Title\n\n" + "\n\n".join(words[:3]))
    (folder / "b.txt").write_text("\n\n".join(words))
    keys = [0, 2, 3, 4, 5, 6, 7] if edited else range(7)
    (folder / "c.jsonl").write_text("\n".join(json.dumps({"id": key, "text": f"alpha {key}"}) for key in keys))
    (folder / "same.txt").write_text("alpha that stays")
    if edited:
        (folder / "new.txt").write_text("alpha that is new")
    for number, path in enumerate(sorted(folder.iterdir())):
        os.utime(path, (1e9, 1e9 + number + 100 * edited))


def main() -> None:
    top = Path(sys.argv[1])
    work, base = top / "work", top / "base"
    base.mkdir()
    for port, url in (("documents", "sqlite:///x"), ("objects", "file:///x"), ("vectors", "edge:///x")):
        factory(port, url)
    ingest = IngestRequest((str(work / "files"),), "default")
    write_files(base / "files", edited=False)
    first = all_crashes(base, work, RunKind.INGEST, ingest, every=3)
    shutil.rmtree(base)
    shutil.copytree(work, base)
    anew = all_crashes(base, work, RunKind.REINDEX, ReindexRequest("default", "wide"))
    removed = [
        content_id("document", "default", origin) for origin in ("files/same.txt", "files/c.jsonl#1", "files/b.txt")
    ]
    removal = all_crashes(base, work, RunKind.REMOVE, RemoveRequest(tuple(removed)))
    write_files(base / "files", edited=True)
    edit = all_crashes(base, work, RunKind.INGEST, ingest)
    print(json.dumps({"first": first, "reindex": anew, "removal": removal, "edit": edit}))


if __name__ == "__main__":
    main()
