"""One ingest by several workers: threads with an executor each, on one set of stores."""

from __future__ import annotations

import json
import random
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field

import pytest

from janus_lab.ingest import shares
from janus_lab.ingest.shares import partition, weigh
from janus_lab.ingest.sources import Found
from janus_lab.ports.claims import Claims
from janus_lab.runs.executor import Executor
from janus_lab.schemes import factory
from janus_lab.values.codec import from_json, to_json
from janus_lab.values.event import EventKind
from janus_lab.values.ids import new_run_id
from janus_lab.values.ingest import FileState, IngestReport
from janus_lab.values.request import IngestRequest
from janus_lab.values.run import Priority, Run, RunKind, RunState


@dataclass
class Waiting:
    """A queue whose messages are taken by hand."""

    messages: list[str] = field(default_factory=list)

    def enqueue(self, run_id: str, priority: Priority, *, delay_seconds: float = 0.0) -> None:
        if delay_seconds == 0:
            self.messages.append(run_id)


class Workers:
    """Executors over one room, and runs to give them."""

    def __init__(self, room, claims: Claims) -> None:
        self.room = room
        self.claims = claims
        self.queue = Waiting()
        room.options["shared"] = True

    def one(self, name: str, **options) -> Executor:
        return Executor(
            holder=name,
            ledger=self.room.ledger,
            events=self.room.events,
            claims=self.claims,
            queue=lambda: self.queue,
            services={RunKind.INGEST: self.room.service()},
            **options,
        )

    def new_run(self, *sources) -> str:
        request = IngestRequest(tuple(map(str, sources)), "default")
        run = Run(new_run_id(), RunKind.INGEST, RunState.QUEUED, Priority.BATCH, to_json(request), time.time())
        self.room.ledger.create(run)
        return run.id

    def shares(self, run_id: str) -> list[Run]:
        return self.room.ledger.find(parent=run_id, limit=1000)

    def report(self, run_id: str) -> IngestReport:
        run = self.room.ledger.get(run_id)
        assert run.state is RunState.DONE, run.error
        return from_json(IngestReport, run.result)


@pytest.fixture
def workers(room, monkeypatch):
    monkeypatch.setattr(shares, "LEAST_FILES", 5)
    # Whoever lives keeps its claim, also on a machine that stands still for a while.
    monkeypatch.setattr("janus_lab.runs.watch.CLAIM_SECONDS", 60.0)
    with ExitStack() as stack:
        yield Workers(room, stack.enter_context(factory("claims", "memory://")("memory://")))


def write(files, count: int, *, text: Callable[[int], str] = lambda n: f"Note {n} speaks of alpha.") -> None:
    for number in range(count):
        (files / f"{number:03}.txt").write_text(text(number))


def at_once(*acts: Callable[[], None]) -> None:
    threads = [threading.Thread(target=act) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


@pytest.mark.parametrize("seed", range(20))
def test_shares_hold_every_source_once_and_none_is_much_heavier_than_another(seed) -> None:
    dice = random.Random(seed)
    sizes = [int(10 ** dice.uniform(0, 8)) for _ in range(dice.randrange(2000))]
    found = [Found(f"{number}", None, size) for number, size in enumerate(sizes)]
    parts = partition(found)
    assert parts == partition(found)
    assert sorted(source.origin for part in parts for source in part) == sorted(source.origin for source in found)
    assert len(parts) <= 3 * shares.SHARES
    assert all(parts)
    bound = max(shares.LEAST_BYTES, weigh(found) // shares.SHARES)
    assert all(weigh(part) <= 2 * bound or len(part) == 1 for part in parts)


def test_the_last_shares_are_small_so_that_nobody_waits_long_for_the_last_one() -> None:
    parts = partition([Found(f"{number}", None, 2000) for number in range(1000)])
    weights = [weigh(part) for part in parts]
    assert weights == sorted(weights, reverse=True)
    assert weights[-1] < weights[0] / 3
    assert sum(weight > weights[0] / 2 for weight in weights) > len(weights) / 2
    assert len(partition([Found(f"{number}", None, 2000) for number in range(40)])) == 1


def test_one_worker_alone_carries_out_every_share(room, files, workers) -> None:
    write(files, 23)
    (files / "bad.pdf").write_bytes(b"%PDF-1.4 nothing")
    run_id = workers.new_run(files)
    workers.one("a").carry_out(run_id)
    report = workers.report(run_id)
    assert (report.added, report.failed, report.documents, report.run_id) == (23, 1, 23, run_id)
    assert report.chunks == report.embedded == len(room.check()["vectors"])
    assert report.outcomes[0].state is FileState.FAILED
    assert len(workers.shares(run_id)) == 5
    assert run_id in {run.id for run in room.ledger.find()}
    assert len(room.ledger.find()) == 1
    assert [e.data["code"] for e in room.told(run_id) if e.kind is EventKind.WARNING] == ["corrupt-file"]
    told = [event.data for event in room.told(run_id) if event.kind is EventKind.PROGRESS]
    assert (told[-1]["files_done"], told[-1]["files_total"], told[-1]["chunks_done"]) == (24, 24, report.chunks)
    again = workers.new_run(files)
    workers.one("a").carry_out(again)
    assert (workers.report(again).unchanged, workers.report(again).failed) == (23, 1)
    assert workers.shares(again) == []


def test_an_ingest_in_shares_ends_like_one_without(room, files, workers) -> None:
    write(files, 31)
    (files / "many.jsonl").write_text("\n".join(json.dumps({"id": n, "text": f"alpha {n}"}) for n in range(40)))
    workers.one("a").carry_out(workers.new_run(files))
    shared = room.check()
    room.remove(*shared["documents"])
    assert room.check()["objects"] == set()
    room.options["shared"] = False
    room.ingest(files)
    assert room.check() == shared


def test_two_workers_share_the_work_and_nothing_is_doubled(room, files, workers) -> None:
    write(files, 120, text=lambda n: f"Note {n} speaks of alpha. " * 40)
    run_id = workers.new_run(files)
    # Cut into shares and given back, so that the other worker has done some before this one goes on, however slow it is.
    workers.one("a", slice_seconds=0.0).carry_out(run_id)
    workers.queue.messages.remove(run_id)

    def help_out() -> None:
        workers.one("b").carry_out(workers.queue.messages.pop(0))

    for _ in range(4):
        help_out()
    assert [share.state for share in workers.shares(run_id)].count(RunState.DONE) == 4

    def helper() -> None:
        deadline = time.monotonic() + 240
        while not room.ledger.get(run_id).state.final and time.monotonic() < deadline:
            if workers.queue.messages:
                help_out()
            time.sleep(0.001)

    at_once(lambda: workers.one("a").carry_out(run_id), helper)
    report = workers.report(run_id)
    assert (report.added, report.documents, report.failed) == (120, 120, 0)
    assert report.chunks == report.embedded == len(room.check()["vectors"])
    assert len(workers.shares(run_id)) == 24
    assert {share.state for share in workers.shares(run_id)} == {RunState.DONE}


def test_a_share_whose_worker_died_is_taken_by_another(room, files, workers) -> None:
    write(files, 20)
    run_id = workers.new_run(files)
    # The first worker begins the run, and dies: its claim on a share is not renewed any more.
    dying = workers.one("dying", slice_seconds=0.0)
    dying.carry_out(run_id)
    share = workers.shares(run_id)[0].id
    fence = workers.claims.take(share, "dead", 0.3)
    assert room.ledger.start(share, fence, time.time())
    workers.one("b").carry_out(run_id)
    assert workers.report(run_id).added == 20
    assert len(room.check()["documents"]) == 20


def test_cancelling_stops_every_share_and_a_retry_goes_on(room, files, workers, monkeypatch) -> None:
    write(files, 60)
    run_id = workers.new_run(files)
    embed = room.backend.embed

    def cancel_after_some(texts):
        if len(room.backend.embedded) >= 10:
            workers.claims.request_cancel(run_id)
            time.sleep(0.1)  # so slow from here on that the wish is heard before all is done
        return embed(texts)

    with monkeypatch.context() as slow:
        slow.setattr(room.backend, "embed", cancel_after_some)
        workers.one("a").carry_out(run_id)
    assert room.ledger.get(run_id).state is RunState.CANCELLED
    assert {share.state for share in workers.shares(run_id)} <= {RunState.DONE, RunState.CANCELLED}
    assert 0 < len(room.check()["documents"]) < 60
    workers.claims.clear_cancel(run_id)
    assert room.ledger.requeue(run_id)
    workers.one("a").carry_out(run_id)
    assert workers.report(run_id).added == 60
    assert len(room.check()["documents"]) == 60
    assert len(room.backend.embedded) == 60


@pytest.mark.parametrize("shared", [True, False], ids=["in shares", "alone"])
def test_an_ingest_that_is_paused_again_and_again_ends_like_one_that_is_not(
    room, files, workers, monkeypatch, shared
) -> None:
    room.options["shared"] = shared
    write(files, 100, text=lambda n: f"Note {n} speaks of alpha. " * 20)
    run_id = workers.new_run(files)
    over, pauses, paused_at = threading.Event(), 0, [0]
    embed = room.backend.embed

    def due() -> bool:
        return len(room.backend.embedded) > paused_at[-1] + 10

    def pause() -> None:
        while not over.wait(0.001):
            if due() and room.ledger.pause(run_id):
                paused_at.append(len(room.backend.embedded))

    def embed_slowly(texts):
        # The first few times the work waits for whoever pauses it; then it goes on, wherever it happens to be.
        deadline = time.monotonic() + 20
        while len(paused_at) < 4 and due() and time.monotonic() < deadline:
            time.sleep(0.001)
        return embed(texts)

    monkeypatch.setattr(room.backend, "embed", embed_slowly)
    pausing = threading.Thread(target=pause)
    pausing.start()
    while not room.ledger.get(run_id).state.final and pauses < 100:
        pauses += room.ledger.resume(run_id)
        workers.one("a").carry_out(run_id)
    over.set()
    pausing.join()
    assert pauses > 2
    report, paused = workers.report(run_id), room.check()
    assert (report.added, report.documents) == (100, 100)
    room.remove(*paused["documents"])
    room.options["shared"] = False
    room.ingest(files)
    assert room.check() == paused


def test_a_run_fails_of_what_its_share_failed_of_and_a_retry_goes_on(room, files, workers, monkeypatch) -> None:
    write(files, 30)
    run_id = workers.new_run(files)
    embed = room.backend.embed

    def broken(texts):
        if len(room.backend.embedded) > 12:
            raise RuntimeError("the model is gone")
        return embed(texts)

    monkeypatch.setattr(room.backend, "embed", broken)
    workers.one("a").carry_out(run_id)
    failed = room.ledger.get(run_id)
    assert (failed.state, failed.error.code) == (RunState.FAILED, "defect")
    assert "the model is gone" in failed.error.message
    monkeypatch.undo()
    monkeypatch.setattr(shares, "LEAST_FILES", 5)
    assert room.ledger.requeue(run_id)
    workers.one("a").carry_out(run_id)
    assert workers.report(run_id).added == 30
    assert len(room.check()["documents"]) == 30


def test_a_run_goes_on_with_the_shares_it_was_cut_into_whatever_has_changed_since(room, files, workers) -> None:
    write(files, 20)
    run_id = workers.new_run(files)
    workers.one("a", slice_seconds=0.0).carry_out(run_id)
    before = {share.id for share in workers.shares(run_id)}
    write(files, 40)
    attempts = 0
    while not room.ledger.get(run_id).state.final:
        workers.one("a", slice_seconds=0.0).carry_out(run_id)
        attempts += 1
    assert attempts > 2
    assert {share.id for share in workers.shares(run_id)} == before
    assert workers.report(run_id).added == 20
    room.check()
