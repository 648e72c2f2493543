"""The live board without a browser: what it sends and when, who looks, and what stands where no widget can be drawn."""

from __future__ import annotations

import gc
import json
import threading
import weakref
from dataclasses import replace

import pytest
from board_values import NOW, hostile_board
from waiting import until

from janus_lab import open_lab
from janus_lab.lab import board_feed
from janus_magics import live_board
from janus_magics.widgets.attention import SILENT_SECONDS, Attention
from janus_magics.widgets.board_panel import BoardPanel
from janus_magics.widgets.board_view import ALL_AGAIN_SECONDS, BoardView
from janus_magics.widgets.board_wire import changed, history, sections, tick
from janus_magics.widgets.cell_watch import CellWatch

HEADERS_BYTES = 900
"""What Jupyter's protocol adds to a message."""


class Clock:
    """Time that a test moves."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def look(view, browser="one", *, fresh=False):
    view._handle_custom_msg({"kind": "look", "browser": browser, "fresh": fresh}, [])


def away(view, browser="one"):
    view._handle_custom_msg({"kind": "away", "browser": browser}, [])


@pytest.fixture
def view():
    """A view of a board; `sent` notes its messages, `woken` how often it wanted the next board."""
    woken = []
    made = BoardView(
        hostile_board(), attention=Attention(lambda: False), wake=lambda: woken.append(1), past=lambda _machine: []
    )
    made.woken, made.sent = woken, []
    made.send = made.sent.append
    yield made
    made.close()


def later(board, seconds, **sample):
    return replace(board, at=board.at + seconds, sample=replace(board.sample, at=board.sample.at + seconds, **sample))


def test_numbers_come_at_every_tick_and_lists_only_when_they_change(view):
    board = hostile_board()
    view.show(later(board, 0.5, cpu_load=0.75))
    assert view.sent[-1]["sections"] == {}
    assert view.sent[-1]["tick"]["use"]["cpu"][0] == 6.0
    view.show(replace(later(board, 1.0), queues=()))
    assert view.sent[-1]["sections"] == {"queues": []}
    look(view, fresh=True)
    view.show(later(board, 1.5))
    assert set(view.sent[-1]["sections"]) == {"head", "gauges", "leases", "waiting", "processes", "queues", "runs"}
    assert view.sent[-1]["history"] == []
    view._told_at -= ALL_AGAIN_SECONDS + 1
    view.show(later(board, 2.0))
    assert "head" in view.sent[-1]["sections"]


def test_it_wants_nothing_while_paused_or_unseen(view):
    assert view.wanted() == (view.machine, 0.5)
    look(view)
    away(view, "another")
    assert view.wanted() is not None
    view.paused = True
    assert view.wanted() is None
    view.paused = False
    view.pace = 2
    assert view.wanted() == (view.machine, 2.0)
    away(view)
    assert view.wanted() is None
    look(view, fresh=True)
    assert view.wanted() is not None
    assert view.woken


def test_a_paused_board_still_answers_a_page_that_was_loaded_anew(view):
    view.paused = True
    look(view, fresh=True)
    assert view.sent[-1]["sections"]["head"]


def test_another_machine_begins_anew(view):
    view.turn_to("lab-8")
    view.show(hostile_board())
    assert view.sent == []
    view.show(replace(hostile_board(), machine="lab-8"))
    assert view.sent[-1]["sections"]["head"]["machine"] == "lab-8"


def test_a_hostile_board_travels_as_text_of_bounded_length(view):
    evil = hostile_board("x" * 100_000)
    assert len(json.dumps({"tick": tick(evil), "sections": sections(evil)})) < 12_000
    assert not set(json.dumps(sections(hostile_board()), ensure_ascii=False)) & set("\u202e\x1b")


def test_two_boards_a_second_are_less_than_five_kilobytes(view):
    """Four accelerators, twelve processes whose memory wanders, leases that come and go every five seconds."""
    board = hostile_board("a name of usual length")
    device = board.sample.devices[0]
    devices = tuple(replace(device, id=str(number)) for number in range(4))
    processes = tuple(replace(board.sample.processes[0], pid=pid) for pid in range(12))
    board = replace(board, sample=replace(board.sample, devices=devices, processes=processes))
    view.turn_to(board.machine)
    view.show(board)
    view.sent.clear()
    for turn in range(120):
        wander = tuple(replace(each, ram=each.ram + (turn * 37 + each.pid) * 1_000_000) for each in processes)
        warm = tuple(
            replace(each, power_watts=200.0 + turn, memory_used=each.memory_used + turn * 5_000_000) for each in devices
        )
        book = replace(board.book, leases=board.book.leases * (1 + turn // 10 % 2))
        view._processes_at -= 0.5
        view.show(replace(later(board, turn / 2, cpu_load=turn / 240, processes=wander, devices=warm), book=book))
    sizes = [len(json.dumps(message)) + HEADERS_BYTES for message in view.sent]
    assert len(sizes) == 120
    assert sum(sizes) / 60 < 5000


def test_history_is_points_of_shares():
    board = hostile_board()
    assert history([board.sample]) == [
        {"at": NOW, "share": {"cpu": [500], "ram": [344], "vram:0": [917, 250], "vram:1": [0]}}
    ]


def test_changed_tells_new_and_different_sections():
    assert changed({"a": 1, "b": 2}, {"a": 1, "b": 3, "c": None}) == {"b": 3, "c": None}


def test_a_browser_that_falls_silent_is_gone_but_not_while_a_cell_works():
    clock, working = Clock(), []
    attention = Attention(lambda: bool(working), clock)
    assert not attention.anybody()
    assert attention.heard("one")
    assert not attention.heard("one")
    clock.now += SILENT_SECONDS - 1
    assert attention.anybody()
    working.append(1)
    clock.now += 3600
    assert attention.anybody()
    working.clear()
    clock.now += SILENT_SECONDS - 1
    assert attention.anybody()
    clock.now += 2
    assert not attention.anybody()
    clock.now += 5
    assert attention.unseen_seconds() == 5.0


def test_cells_are_watched_until_the_end(shell):
    before = list(shell.events.callbacks["pre_run_cell"])
    watch = CellWatch(shell)
    assert watch.working()
    shell.run_cell("1")
    assert not watch.working()
    shell.user_ns["watch"] = watch
    assert shell.run_cell("watch.working()").result is True
    watch.end()
    watch.end()
    assert shell.events.callbacks["pre_run_cell"] == before
    assert not CellWatch(None).working()


def test_where_no_widget_can_be_drawn_the_board_stands_as_it_last_was(view):
    panel = BoardPanel(view, lambda: None)
    data, _ = panel._repr_mimebundle_()
    assert set(data) == {"application/vnd.jupyter.widget-view+json", "text/html", "text/plain"}
    assert "&lt;script&gt;" in data["text/html"]
    assert "<script" not in data["text/html"]
    view.show(replace(hostile_board(), note="a note of now"))
    assert "a note of now" in panel._repr_mimebundle_()[0]["text/plain"]


def test_machines_are_offered_once_there_are_several(view):
    panel = BoardPanel(view, lambda: None)
    assert panel._machines.options == ("lab-7", "lab-8", view.machine)
    panel._machines.value = "lab-8"
    assert view.machine == "lab-8"


def feeds():
    """How many threads feed boards."""
    return [thread.name for thread in threading.enumerate()].count("janus-board-feed")


def test_any_number_of_boards_leaves_one_thread_and_closing_the_lab_none(tmp_path):
    until(lambda: feeds() == 0)
    with open_lab(tmp_path, inline=True) as lab:
        panels = [live_board(lab) for _ in range(8)]
        assert feeds() == 1
        # Run again, a cell leaves boards behind that nobody looks at: the next one lets them go.
        for panel in panels:
            panel.view._attention.left("")
            panel.view._attention._left -= 3600
        gone = weakref.ref(panels[0].view)
        kept = live_board(lab)
        assert lab.boards.feed.displays() == [kept]
        panels.clear()
        panel = None
        until(lambda: gc.collect() >= 0 and gone() is None)
    until(lambda: feeds() == 0)
    assert kept.view.over


def test_a_look_that_outlasts_the_lab_ends_quietly(tmp_path, monkeypatch):
    monkeypatch.setattr(board_feed, "ENDING_SECONDS", 0.01)
    looks, closed = threading.Event(), threading.Event()

    def slow(_machine):
        looks.set()
        closed.wait(60)
        raise RuntimeError("what it reads from is closed")

    with open_lab(tmp_path, inline=True) as lab:
        monkeypatch.setattr(lab.boards.feed, "_read", slow)
        live_board(lab)
        assert looks.wait(60)
    closed.set()
    until(lambda: feeds() == 0)
