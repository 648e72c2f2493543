"""`janus top` at the keyboard: what stands on the screen, and what keys do."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace

import pytest
from textual.widgets import Static, Tree

from janus_lab.cli import main
from janus_lab.cli.top.app import Top
from janus_lab.cli.top.live_table import LiveTable
from janus_lab.errors import StoreUnreachable
from janus_lab.values.run import RunState

SMALLEST = (80, 24)


def screen(app: Top) -> str:
    """What a person reads, a line a row."""
    strips = app.screen._compositor.render_strips()
    return "\n".join("".join(segment.text for segment in strip) for strip in strips)


@pytest.fixture
def driven(lab) -> Callable[..., None]:
    """Runs a coroutine with the app at the smallest terminal, once its first board stands."""

    def drive(do: Callable[..., object], size: tuple[int, int] = SMALLEST) -> None:
        async def session() -> None:
            app = Top(lab, seconds=0.05)
            async with app.run_test(size=size, notifications=True) as pilot:
                await shown(app, pilot, "janus-worker")
                await do(app, pilot)

        asyncio.run(session())

    return drive


async def shown(app: Top, pilot, words: str) -> str:
    """The screen, once these words stand on it."""
    for _ in range(150):
        await pilot.pause(0.02)
        if words in (text := screen(app)):
            return text
    raise AssertionError(f"{words!r} is not on the screen:\n{screen(app)}")


def test_everything_about_a_machine_fits_into_the_smallest_terminal(driven):
    async def look(app, pilot):
        text = await shown(app, pilot, "q quit")
        for words in (
            *("host-a", "leases are granted", "Processor", "41%", "Memory", "21.0 of 64.0 GiB", "33.0 GiB free"),
            *("GPU 0", "11.0 of 24.0 GiB", "load 83%", "GPU 1", "not known: it fell off the bus"),
            *("interactive 1", "batch 12, 2 under way, 1 delayed, 3 parked", "janus-server"),
        ):
            assert words in text
        assert all(len(line) <= SMALLEST[0] for line in text.splitlines())

    driven(look)


def test_leases_and_waiting_stand_in_their_order_with_all_about_the_chosen_one(driven):
    async def look(app, pilot):
        await pilot.press("2")
        text = await shown(app, pilot, "asked to yield")
        places = [text.index(words) for words in ("kept loaded", "asked to yield", "waits")]
        assert places == sorted(places)
        assert "model llama · run 0199ab00" in text
        await pilot.press("down", "down")
        text = await shown(app, pilot, "In [12] of x.ipynb")
        assert "waits for threads" in text

    driven(look)


def test_a_run_is_cancelled_only_when_somebody_says_yes(driven, lab, ids):
    async def press(app, pilot):
        await pilot.press("3")
        await shown(app, pilot, "0199ab03")
        await pilot.press("c")
        await shown(app, pilot, "Cancel ingest 0199ab00")
        await pilot.press("n")
        await shown(app, pilot, "q quit")
        assert lab.done == []
        await pilot.press("c")
        await shown(app, pilot, "Cancel ingest 0199ab00")
        await pilot.press("y")
        await shown(app, pilot, "asked to stop")
        assert lab.done == [("cancel", ids[0])]

    driven(press)


def test_a_run_rests_and_goes_on(driven, lab, ids):
    async def press(app, pilot):
        await pilot.press("3")
        await shown(app, pilot, "0199ab03")
        await pilot.press("p")
        await shown(app, pilot, "paused")
        await pilot.press("p")
        await shown(app, pilot, "goes on: ingest 0199ab00")
        assert lab.done == [("pause", ids[0]), ("resume", ids[0])]

    driven(press)


def test_a_failed_run_is_retried_and_no_other(driven, lab, ids):
    async def press(app, pilot):
        await pilot.press("3")
        await shown(app, pilot, "0199ab03")
        await pilot.press("r")
        await shown(app, pilot, "What to do next: wait for its end")
        await pilot.press("down", "down", "c")
        await shown(app, pilot, "it is done already")
        await pilot.press("down", "r")
        await shown(app, pilot, "goes on: ingest 0199ab03")
        assert lab.done == [("retry", ids[3])]
        assert "the disk is full (free some)" in screen(app)

    driven(press)


def test_the_chosen_run_stays_chosen_while_others_come_and_go(driven, lab, ids):
    async def press(app, pilot):
        await pilot.press("3", "down")
        table = app.query_one("#run-table", LiveTable)
        assert table.chosen == ids[1]
        lab.found = [replace(lab.found[0], id=ids[4]), *lab.found]
        await shown(app, pilot, ids[4])
        assert table.chosen == ids[1]
        lab.found = [run if run.id != ids[1] else replace(run, state=RunState.RUNNING) for run in lab.found]
        await pilot.pause(0.2)
        assert table.chosen == ids[1]
        lab.found = []
        await shown(app, pilot, "no runs yet")
        assert table.chosen == ""

    driven(press)


def test_keys_stand_in_a_tree_and_tell_what_they_are(driven, lab):
    async def look(app, pilot):
        await pilot.press("4")
        await shown(app, pilot, "event stream (8)")
        await pilot.press("down", "down")
        text = await shown(app, pilot, "fence   17")
        assert "claim: hash of 2 fields, 120 B, expires in 12 s" in text
        assert "11 keys" in text
        lab.keys.there = lab.keys.there[1:]
        await shown(app, pilot, "claim (1)")
        await pilot.press("enter")
        assert app.focused.id in {"key-scroll", "key-tree"}
        await pilot.press("escape")
        assert isinstance(app.focused, Tree)

    driven(look)


def test_a_key_that_went_is_told(driven, lab):
    async def look(app, pilot):
        await pilot.press("4")
        await shown(app, pilot, "claim (2)")
        await pilot.press("down", "down")
        await shown(app, pilot, "fence   17")
        lab.keys.there.pop(0)
        text = await shown(app, pilot, "not-found: there is no key {janus}:claim:0199ab00")
        assert "claim (1)" in text

    driven(look)


def test_hostile_names_neither_steer_nor_style(driven):
    async def look(app, pilot):
        for number in "1234":
            await pilot.press(number)
            await pilot.pause(0.2)
            text = screen(app)
            assert not set(text) & set("\x1b\u202e")
            assert number in "24" or "[red]x[/]" in text

    driven(look)


def test_a_server_that_does_not_answer_is_told_and_forgotten_when_it_does(driven, lab):
    async def look(app, pilot):
        lab.failure = StoreUnreachable("no server answers", remedy="start it")
        await shown(app, pilot, "no server answers")
        lab.failure = None
        await shown(app, pilot, "leases are granted")

    driven(look)


def test_held_nothing_changes_until_let_go(driven, lab):
    async def press(app, pilot):
        await pilot.press("space")
        await shown(app, pilot, "held")
        lab.shown = replace(lab.shown, queues=())
        await pilot.pause(0.3)
        assert "batch 12" in screen(app)
        await pilot.press("space")
        await shown(app, pilot, "none are known")

    driven(press)


def test_another_machine_and_the_next_pane_are_a_key_away(driven):
    async def press(app, pilot):
        await pilot.press("m")
        await shown(app, pilot, "host-b")
        await pilot.press("tab")
        await shown(app, pilot, "kept loaded")
        await pilot.press("shift+tab", "shift+tab")
        await shown(app, pilot, "choose a key")

    driven(press)


def test_q_ends_it(driven):
    async def press(app, pilot):
        await pilot.press("q")
        await pilot.pause(0.1)
        assert not app.is_running

    driven(press)


def test_a_wide_terminal_has_the_tree_beside_the_key(driven):
    async def look(app, pilot):
        await pilot.press("4")
        await shown(app, pilot, "claim (2)")
        await pilot.press("down", "down")
        text = await shown(app, pilot, "fence   17")
        line = next(line for line in text.splitlines() if "claim:0199ab00" in line)
        assert "{janus}:" in line or "hash of 2" in line

    driven(look, (130, 40))


def test_without_colours_the_bars_still_tell_whose_memory_it_is(driven, monkeypatch):
    monkeypatch.setenv("NO_COLOR", "1")

    async def look(app, pilot):
        text = await shown(app, pilot, "of dead holders")
        memory = next(line for line in text.splitlines() if "Memory" in line)
        assert all(mark in memory for mark in "█▓▒·")
        assert app.no_color

    driven(look)


def test_without_a_terminal_the_board_is_printed_once(tmp_path, capsys):
    assert main(["--home", str(tmp_path / ".janus"), "top"]) == 0
    assert capsys.readouterr().out.strip()


def test_an_empty_table_has_nothing_chosen(driven, lab):
    async def look(app, pilot):
        lab.shown = replace(lab.shown, book=None, sample=None, queues=())
        await shown(app, pilot, "nobody measures this machine yet")
        await pilot.press("2")
        await shown(app, pilot, "no leases are known")
        assert app.query_one("#lease-table", LiveTable).chosen == ""
        assert str(app.query_one("#lease-detail", Static).render()) == ""

    driven(look)
