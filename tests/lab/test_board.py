"""A lab's board: what workers told, what is measured here where none does, and notes on what does not answer."""

from __future__ import annotations

import itertools
import json
import threading
import time
from dataclasses import replace
from types import SimpleNamespace

import pytest
from waiting import until

from janus_lab import open_lab
from janus_lab.adapters.probe.inventory import write_inventory
from janus_lab.lab.board import NO_ROOM
from janus_lab.lab.board_feed import Feed
from janus_lab.values.gauge import gauges
from janus_lab.values.lease import LeaseRequest
from janus_lab.values.machine import Device, ProcessUse, Sample
from janus_lab.values.run import Priority, Run, RunKind, RunState
from janus_lab.verbs.as_data import as_data
from janus_lab.verbs.plain.board import Granting, condition, granting

GIB = 1 << 30
MACHINE = Sample(
    "lab-7", 0.0, 8, 0.5, 64 * GIB, 20 * GIB,
    (Device("0", "A card", memory_total=24 * GIB, memory_used=6 * GIB, load=0.25, power_watts=71.4),),
    (ProcessUse(812, "python train.py", 2 * GIB, {"0": 6 * GIB}),),
)  # fmt: skip


@pytest.fixture
def machine(tmp_path):
    """The file that the machine is written down in."""
    path = tmp_path / "lab-7.json"
    write_inventory(path, MACHINE)
    return path


@pytest.fixture
def sample_seconds():
    """How often a room measures: what was measured is good for ten times as long, so here for longer than a test takes."""
    return 60.0


@pytest.fixture
def lab(tmp_path, machine, sample_seconds):
    settings = {"machine": "lab-7", "probe_url": f"inventory://{machine}", "sample_seconds": sample_seconds}
    with open_lab(tmp_path / "home", inline=True, **settings) as opened:
        yield opened


def test_without_an_engine_room_this_machine_is_measured_here(lab):
    board = lab.board()
    assert (board.machine, board.machines, board.book) == ("lab-7", ("lab-7",), None)
    assert board.note == NO_ROOM
    assert board.sample.ram_used == 20 * GIB
    processor, memory, card = gauges(board)
    assert (processor.used, processor.share) == (4.0, 0.5)
    assert (memory.share, memory.budget, memory.free) == (20 / 64, None, None)
    assert (card.resource, card.label, card.load, card.heat) == ("vram:0", "GPU 0", 0.25, "71 W")
    assert not lab.status().running  # looking starts nothing


def test_what_is_measured_here_is_remembered_as_history(lab):
    lab.board()
    time.sleep(0.25)
    lab.board()
    history = lab.boards.history()
    assert len(history) == 2
    assert history[0].at < history[1].at
    assert [sample.processes for sample in history] == [(), ()]
    assert lab.boards.history("elsewhere") == []
    assert lab.boards.history(seconds=0.0) == []


def test_what_a_worker_told_counts_and_leases_come_with_it(lab):
    leases = lab._room.link(print).leases
    board = until(lambda: (found := lab.board()).book is not None and found.book.open and found)
    assert board.note == ""
    assert board.machines == ("lab-7",)
    wanted = LeaseRequest("a", {"ram": 4 * GIB, "vram:0": 10 * GIB}, Priority.BATCH, "ada", "embed", cell="In [3]")
    assert leases.request("lab-7", wanted, 60.0).state == "granted"
    waits = LeaseRequest("b", {"vram:0": 12 * GIB}, Priority.INTERACTIVE, "bob", "answer")
    assert leases.request("lab-7", waits, 60.0).state == "waiting"
    board = lab.board()
    assert [lease.request.cell for lease in board.book.leases] == ["In [3]"]
    assert [each.request.purpose for each in board.book.waiting] == ["answer"]
    memory, card = gauges(board)[1:]
    assert (memory.leased, card.leased, card.outside) == (4 * GIB, 10 * GIB, 6 * GIB)
    assert card.free == card.budget - 16 * GIB
    assert json.loads(json.dumps(as_data(board)))["book"]["waiting"][0]["request"]["id"] == "b"


def test_a_card_that_fails_is_not_taken_for_an_empty_one(lab, machine):
    lost = Device("0", "A card", failure="the GPU is lost")
    write_inventory(machine, replace(MACHINE, devices=(lost,), failures={"ram": "not told"}))
    processor, memory, card = gauges(lab.board())
    assert processor.failure == ""
    assert (memory.failure, card.failure) == ("not told", "the GPU is lost")


def test_a_machine_that_nobody_measures_leaves_a_note(lab):
    board = lab.board("elsewhere")
    assert (board.machine, board.sample) == ("elsewhere", None)
    assert "nobody measures" in board.note
    assert gauges(board) == ()


def test_a_probe_that_fails_leaves_a_note(lab, machine):
    machine.write_text("{")
    board = lab.board()
    assert board.sample is None
    assert "no inventory" in board.note


def test_open_runs_stand_on_the_board_and_a_broker_is_not_asked_at_every_look(lab, monkeypatch):
    monkeypatch.setattr("janus_lab.lab.board.SLOW_SECONDS", 600.0)
    run = Run("0199ab34cd00", RunKind.ASK, RunState.QUEUED, Priority.BATCH, {"question": "why?"}, time.time())
    lab._ledger.create(run)
    assert [each.id for each in lab.board().runs] == [run.id]
    lab._ledger.finish(run.id, RunState.CANCELLED, fence=0, at=time.time())
    assert [each.id for each in lab.board().runs] == [run.id]
    lab.boards._slow = replace(lab.boards._slow, at=time.monotonic() - 600.0)
    assert lab.board().runs == ()


class Display:
    """Notes what it is shown."""

    def __init__(self, wish) -> None:
        self.wish, self.boards, self.over = wish, [], 0
        self.shown = threading.Event()

    def wanted(self):
        return self.wish

    def show(self, board) -> None:
        self.boards.append(board)
        self.shown.set()

    def ended(self) -> None:
        self.over += 1


def test_what_nobody_thought_of_is_told_and_the_next_who_looks_is_shown_boards_again(monkeypatch):
    told, broken = [], ["once"]
    monkeypatch.setattr(threading, "excepthook", told.append)

    def read(_machine):
        if broken:
            raise RuntimeError(broken.pop())
        return "a board"

    feed, display = Feed(read), Display(("here", 0.05))
    feed.add(display)
    feed.wake()
    until(lambda: told and feed.resting)
    feed.wake()
    assert display.shown.wait(60)
    feed.close()
    assert [str(each.exc_value) for each in told] == ["once"]


def test_one_thread_reads_a_machine_once_for_all_displays_and_rests_when_nobody_looks():
    others = threading.enumerate()

    def threads():
        return [one for one in threading.enumerate() if one.name == "janus-board-feed" and one not in others]

    read = []
    feed = Feed(lambda machine: read.append(machine) or (machine, len(read)))
    displays = [Display(("here", 0.05)) for _ in range(10)] + [Display(("there", 0.05))]
    for display in displays:
        feed.add(display)
        feed.wake()
    assert all(display.shown.wait(60) for display in displays)
    # Each that came might be shown one at once; from then on all are due together.
    until(lambda: len(displays[0].boards) >= 3)
    # What is read is shown later: counted in this order, readings are never too many because the feed went on meanwhile.
    turns = len(displays[0].boards)
    before = read.count("here")
    until(lambda: len(displays[0].boards) >= turns + 10)
    readings = read.count("here") - before
    assert readings <= len(displays[0].boards) - turns + 2, "never one a display"
    assert len(threads()) == 1
    for display in displays:
        display.wish = None
    until(lambda: feed.resting)
    until(lambda: not threads())

    displays[0].shown.clear()
    displays[0].wish = ("here", 0.05)
    feed.wake()
    assert displays[0].shown.wait(60)
    feed.close()
    assert feed.resting
    assert [display.over for display in displays] == [1] * 11
    feed.wake()
    assert feed.resting


def test_each_display_has_its_own_pace(monkeypatch):
    now = [100.0]
    monkeypatch.setattr("janus_lab.lab.board_feed.time", SimpleNamespace(monotonic=lambda: now[0]))
    feed = Feed(lambda _machine: now[0])
    quick, slow = Display((None, 0.05)), Display((None, 0.4))
    feed.add(quick)
    feed.add(slow)
    while now[0] < 102.0:
        now[0] += feed._round()
    assert len(quick.boards) == pytest.approx(40, abs=1)
    assert len(slow.boards) == 6
    assert all(later - earlier > 0.3 for earlier, later in itertools.pairwise(slow.boards))


def test_closing_the_lab_ends_its_displays(lab):
    display = Display((None, 0.05))
    lab.boards.feed.add(display)
    lab.boards.feed.wake()
    assert display.shown.wait(60)
    lab.close()
    assert display.over == 1
    assert lab.boards.feed.resting


@pytest.mark.parametrize("sample_seconds", [0.1])
def test_what_can_not_be_measured_any_more_stays_on_the_board(lab, machine):
    lab._room.link(print)
    until(lambda: (board := lab.board()).book is not None and granting(board) is Granting.OPEN)
    write_inventory(machine, replace(MACHINE, failures={"vram:0": "the GPU is lost"}))
    board = until(lambda: granting(found := lab.board()) is Granting.PARTLY and found)
    assert condition(board) == "leases are granted, but not of GPU 0"
    machine.write_text("{")

    def failing(board):
        return [gauge.label for gauge in gauges(board) if gauge.failure]

    # What is merely old is not granted either.
    board = until(lambda: granting(found := lab.board()) is Granting.CLOSED and failing(found) and found)
    assert failing(board) == ["Processor", "Memory", "GPU 0"]
