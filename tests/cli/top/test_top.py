"""`janus top` at the keyboard: what stands on the screen, and what keys do."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace

from textual.widgets import Static, Tree

from janus_lab.cli import main
from janus_lab.cli.top.live_table import LiveTable
from janus_lab.errors import StoreUnreachable
from janus_lab.values.run import RunState


def test_everything_about_a_machine_fits_into_the_smallest_terminal(driven):
    async def look(person):
        text = await person.sees(
            *("host-a", "leases are granted", "Processor", "41%", "Memory", "21.0 of 64.0 GiB", "33.0 GiB free"),
            *("GPU 0", "11.0 of 24.0 GiB", "load 83%", "GPU 1", "not known: it fell off the bus"),
            *("interactive 1", "batch 12, 2 under way, 1 delayed, 3 parked", "janus-server", "q quit"),
        )
        assert all(len(line) <= 80 for line in text.splitlines())

    driven(look)


def test_leases_and_waiting_stand_in_their_order_with_all_about_the_chosen_one(driven):
    async def look(person):
        states = ("kept loaded", "asked to yield", "waits")
        text = await person.turns_to("2", *states, "model llama · run 0199ab00")
        places = [text.index(words) for words in states]
        assert places == sorted(places)
        await person.presses("down", "down")
        await person.sees("In [12] of x.ipynb", "waits for threads")

    driven(look)


def test_a_run_is_cancelled_only_when_somebody_says_yes(driven, lab, ids):
    async def press(person):
        await person.turns_to("3", "0199ab03")
        await person.presses("c")
        await person.sees("Cancel ingest 0199ab00")
        await person.presses("n")
        await person.sees("q quit")
        assert lab.done == []
        await person.presses("c")
        await person.sees("Cancel ingest 0199ab00")
        await person.presses("y")
        await person.sees("asked to stop")
        assert lab.done == [("cancel", ids[0])]

    driven(press)


def test_a_run_rests_and_goes_on(driven, lab, ids):
    async def press(person):
        await person.turns_to("3", "0199ab03")
        await person.presses("p")
        await person.sees("paused")
        await person.presses("p")
        await person.sees("goes on: ingest 0199ab00")
        assert lab.done == [("pause", ids[0]), ("resume", ids[0])]

    driven(press)


def test_a_failed_run_is_retried_and_no_other(driven, lab, ids):
    async def press(person):
        await person.turns_to("3", "0199ab03")
        await person.presses("r")
        await person.sees("What to do next: wait for its end")
        await person.presses("down", "down", "c")
        await person.sees("it is done already")
        await person.presses("down", "r")
        await person.sees("goes on: ingest 0199ab03")
        await person.sees("the disk is full (free some)")
        assert lab.done == [("retry", ids[3])]

    driven(press)


def line_of(person, words):
    """The first line of the screen with these words."""
    return next((line for line in person.screen.splitlines() if words in line), "")


def test_the_chosen_run_stays_chosen_while_others_come_and_go(driven, lab, ids):
    async def press(person):
        await person.turns_to("3", "0199ab03")
        await person.presses("down")
        table = person.app.query_one("#run-table", LiveTable)
        await person.waits(lambda: table.chosen == ids[1], "the second run is not chosen")
        lab.found = [replace(lab.found[0], id=ids[4]), *lab.found]
        await person.sees(ids[4])
        assert table.chosen == ids[1]
        lab.found = [run if run.id != ids[1] else replace(run, state=RunState.RUNNING) for run in lab.found]
        await person.waits(lambda: "running" in line_of(person, ids[1]), "the second run does not run")
        assert table.chosen == ids[1]
        lab.found = []
        await person.sees("no runs yet")
        assert table.chosen == ""

    driven(press)


def test_keys_stand_in_a_tree_and_tell_what_they_are(driven, lab):
    async def look(person):
        await person.turns_to("4", "event stream (8)")
        await person.presses("down", "down")
        await person.sees("fence   17", "claim: hash of 2 fields, 120 B, expires in 12 s", "11 keys")
        await person.presses("enter")
        await person.waits(lambda: person.app.focused.id == "key-scroll", "the key's content can't be scrolled")
        await person.presses("escape")
        await person.waits(lambda: isinstance(person.app.focused, Tree), "the tree has not got the keyboard back")
        lab.keys.there = lab.keys.there[1:]
        await person.sees("claim (1)")

    driven(look)


def test_a_key_that_went_is_told(driven, lab):
    async def look(person):
        await person.turns_to("4", "claim (2)")
        await person.presses("down", "down")
        await person.sees("fence   17")
        lab.keys.there.pop(0)
        await person.sees("not-found: there is no key {janus}:claim:0199ab00", "claim (1)")

    driven(look)


def test_hostile_names_neither_steer_nor_style(driven):
    async def look(person):
        for number, words in enumerate(("[red]x[/]", "asked to yield", "[red]x[/]", "event stream (8)"), 1):
            text = await person.turns_to(str(number), words)
            assert not set(text) & set("\x1b\u202e")

    driven(look)


def test_a_server_that_does_not_answer_is_told_and_forgotten_when_it_does(driven, lab):
    async def look(person):
        lab.failure = StoreUnreachable("no server answers", remedy="start it")
        await person.sees("no server answers")
        lab.failure = None
        await person.sees("leases are granted")

    driven(look)


def test_held_nothing_changes_until_let_go(driven, lab):
    async def press(person):
        await person.presses("space")
        await person.sees("held")
        lab.shown = replace(lab.shown, queues=())
        await asyncio.sleep(0.3)
        assert "batch 12" in await person.sees("held")
        await person.presses("space")
        await person.sees("none are known")

    driven(press)


def test_another_machine_and_the_next_pane_are_a_key_away(driven):
    async def press(person):
        await person.presses("m")
        await person.sees("host-b")
        await person.presses("tab")
        await person.sees("kept loaded")
        await person.presses("shift+tab", "shift+tab")
        await person.sees("choose a key")

    driven(press)


def test_q_ends_it(driven):
    async def press(person):
        person.app.simulate_key("q")
        deadline = time.monotonic() + 60
        while person.app.is_running:  # no pilot waits here: it would wait for a screen that may have gone
            assert time.monotonic() < deadline
            await asyncio.sleep(0.02)

    driven(press)


def test_a_wide_terminal_has_the_tree_beside_the_key(driven):
    async def look(person):
        await person.turns_to("4", "claim (2)")
        await person.presses("down", "down")
        await person.sees("fence   17")
        line = line_of(person, "claim:0199ab00")
        assert "{janus}:" in line or "hash of 2" in line

    driven(look, (130, 40))


def test_without_colours_the_bars_still_tell_whose_memory_it_is(driven, monkeypatch):
    monkeypatch.setenv("NO_COLOR", "1")

    async def look(person):
        text = await person.sees("of dead holders")
        memory = next(line for line in text.splitlines() if "Memory" in line)
        assert all(mark in memory for mark in "█▓▒·")
        assert person.app.no_color

    driven(look)


def test_without_a_terminal_the_board_is_printed_once(tmp_path, capsys):
    assert main(["--home", str(tmp_path / ".janus"), "top"]) == 0
    assert capsys.readouterr().out.strip()


def test_an_empty_table_has_nothing_chosen(driven, lab):
    async def look(person):
        lab.shown = replace(lab.shown, book=None, sample=None, queues=())
        await person.sees("nobody measures this machine yet")
        await person.presses("2")  # where nothing can be chosen, nothing needs the keyboard
        await person.sees("no leases are known")
        assert person.app.query_one("#lease-table", LiveTable).chosen == ""
        assert str(person.app.query_one("#lease-detail", Static).render()) == ""

    driven(look)
