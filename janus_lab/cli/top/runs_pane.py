"""Recent runs, and what can be done with one."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.widgets import Static

from janus_lab.cli.top.live_table import LiveTable
from janus_lab.cli.top.question import Question
from janus_lab.cli.top.watched import Watched
from janus_lab.values.run import Run, RunState
from janus_lab.verbs.plain.amounts import duration, moment
from janus_lab.verbs.plain.engine_room import run_seconds, subject
from janus_lab.verbs.plain.printable import one_line

HEADER = ("state", "kind", "took", "id", "what")
_STYLES = {
    RunState.RUNNING.value: "yellow",
    RunState.PAUSED.value: "magenta",
    RunState.DONE.value: "green",
    RunState.FAILED.value: "red",
    RunState.CANCELLED.value: "dim",
    RunState.QUEUED.value: "dim",
}


class RunsPane(Vertical):
    """The newest runs; keys do something with the one under the cursor. `act` does it in a thread, and tells what came of it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        ("p", "pause", "pause or go on"),
        ("c", "cancel", "cancel"),
        ("r", "retry", "retry"),
    ]

    def __init__(self, lab: Watched, act: Callable[[Callable[[], str]], None], *, id: str) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id)
        self._lab = lab
        self._act = act
        self._runs: Mapping[str, Run] = {}

    def compose(self) -> ComposeResult:
        """Nothing is known yet."""
        yield Static("no runs yet", id="no-runs")
        yield LiveTable(HEADER, id="run-table", chosen=True)
        yield Static(id="run-detail", classes="detail")

    def show(self, runs: Sequence[Run], now: float) -> None:
        """Take runs in, open ones first."""
        ordered = sorted(runs, key=lambda run: run.state.final)
        self._runs = {run.id: run for run in ordered}
        self.query_one("#no-runs", Static).display = not ordered
        table = self.query_one("#run-table", LiveTable)
        table.display = bool(ordered)
        table.show_rows({run.id: _cells(run, now) for run in ordered}, _STYLES)
        self.on_data_table_row_highlighted()

    def on_data_table_row_highlighted(self) -> None:
        """Tell all about the chosen run."""
        run = self._chosen()
        self.query_one("#run-detail", Static).update(Text() if run is None else _detail(run))

    def action_cancel(self) -> None:
        """Ask first: a run that was cancelled by mistake can be retried, yet somebody waits for it."""
        run = self._chosen()
        if run is None:
            return
        if run.state.final:
            self.notify(f"it is {run.state.value} already", severity="warning")
            return

        def answered(given: bool | None) -> None:  # noqa: FBT001 - Textual calls it by position
            if given:
                self._act(lambda: f"asked to stop: {_named(self._lab.cancel(run.id))}")

        self.app.push_screen(Question(f"Cancel {_named(run)}? What it has finished is kept."), answered)

    def action_pause(self) -> None:
        """Let a run rest, or a resting one go on; the lab refuses one that is over."""
        run = self._chosen()
        if run is not None:
            self._act(lambda: self._turned(run))

    def action_retry(self) -> None:
        """Let a run go on from its last finished step; the lab refuses one that is not failed or cancelled."""
        run = self._chosen()
        if run is not None:
            self._act(lambda: self._retried(run))

    def _turned(self, run: Run) -> str:
        if run.state is RunState.PAUSED:
            self._lab.resume(run.id)
            return f"goes on: {_named(run)}"
        self._lab.pause(run.id)
        return f"rests after the step it is at: {_named(run)}"

    def _retried(self, run: Run) -> str:
        self._lab.retry(run.id)
        return f"goes on: {_named(run)}"

    def _chosen(self) -> Run | None:
        return self._runs.get(self.query_one("#run-table", LiveTable).chosen)


def _cells(run: Run, now: float) -> tuple[str, ...]:
    seconds = run_seconds(run)
    took = duration(max(0.0, now - run.created_at) if seconds is None else seconds)
    return run.state.value, run.kind.value, took, run.id[:13], one_line(subject(run), 120)


def _detail(run: Run) -> Text:
    place = f" in {one_line(run.cell, 60)}" if run.cell else ""
    times = f"{run.id}, {run.priority.value}, attempt {run.attempts}, asked for {moment(run.created_at)}{place}"
    told = Text.assemble((one_line(subject(run), 200), "bold"), "\n", (times, "dim"))
    if run.error is not None:
        told.append(f"\n{one_line(run.error.message, 200)}", "red").append(f" ({one_line(run.error.remedy, 200)})")
    return told


def _named(run: Run) -> str:
    return f"{run.kind.value} {run.id[:13]} ({one_line(subject(run), 40)})"
