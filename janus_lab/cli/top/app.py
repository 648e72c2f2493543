"""The program that `janus top` is: it asks for a board again and again, and lets panes show it."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import ClassVar

from rich.text import Text
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import Screen
from textual.widgets import Footer, Static, TabbedContent
from textual.worker import get_current_worker

from janus_lab.cli.top.keys_pane import KeysPane
from janus_lab.cli.top.leases_pane import LeasesPane
from janus_lab.cli.top.monitor_pane import MonitorPane
from janus_lab.cli.top.runs_pane import RunsPane
from janus_lab.cli.top.watched import Watched
from janus_lab.errors import JanusError
from janus_lab.values.board import Board
from janus_lab.values.run import Run
from janus_lab.verbs.plain.board import condition
from janus_lab.verbs.plain.printable import one_line, printable

PANES = ("monitor", "leases", "runs", "keys")
RUNS_SHOWN = 50


class Top(App[None]):
    """Draws with the terminal's own colours, so that it fits light and dark ones, and says everything without colours too."""

    CSS_PATH = "top.tcss"
    ENABLE_COMMAND_PALETTE = False
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (110, "-wide")]  # noqa: RUF012 - Textual declares it so
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("q", "quit", "quit"),
        *(Binding(str(number), f"pane('{name}')", name, show=False) for number, name in enumerate(PANES, 1)),
        Binding("tab", "turn(1)", "next", priority=True),
        Binding("shift+tab", "turn(-1)", "previous", show=False, priority=True),
        Binding("space", "hold", "hold"),
        Binding("m", "next_machine", "machine"),
    ]

    def __init__(self, lab: Watched, *, machine: str | None = None, seconds: float = 1.0) -> None:
        # Said at once: without colours (NO_COLOR) greys would be drawn in their place otherwise, on black.
        super().__init__(ansi_color=True)
        self.theme = "ansi-dark"
        self.animation_level = "none"
        self._lab = lab
        self._machine = machine
        self._seconds = seconds
        self._asking = False
        self._held = False
        self._board = Board(0.0, machine or "")
        self._trouble = ""

    @property
    def _panes(self) -> Screen[None]:
        """The screen with the panes; a question may stand before it."""
        return self.screen_stack[0]

    def compose(self) -> ComposeResult:
        """One line about the machine, four panes, and the keys that do something."""
        yield Static(id="headline")
        with TabbedContent(*(f"{number} {name}" for number, name in enumerate(PANES, 1)), initial="tab-1", id="panes"):
            yield MonitorPane(id="monitor")
            yield LeasesPane(id="leases")
            yield RunsPane(self._lab, self.act, id="runs")
            yield KeysPane(self._lab, id="keys")
        yield Footer(show_command_palette=False)

    def on_mount(self) -> None:
        """Ask at once, and from then on regularly."""
        self._show_headline()
        self.set_interval(self._seconds, self._ask)
        self._ask()

    def act(self, what: Callable[[], str]) -> None:
        """Do something in a thread and tell the line it returns, or why it could not be done."""

        def doing() -> None:
            try:
                told, severity = what(), "information"
            except JanusError as error:
                told, severity = "\n".join(error.lines()), "error"
            self.call_from_thread(self.notify, printable(told), severity=severity, markup=False)
            self.call_from_thread(self._ask)

        self.run_worker(doing, thread=True, group="acts")

    def action_pane(self, name: str) -> None:
        """Go to a pane."""
        self._panes.query_one(TabbedContent).active = f"tab-{PANES.index(name) + 1}"

    def action_turn(self, by: int) -> None:
        """Go to the pane beside."""
        tabs = self._panes.query_one(TabbedContent)
        place = int(tabs.active.removeprefix("tab-")) - 1
        tabs.active = f"tab-{(place + by) % len(PANES) + 1}"

    def action_hold(self) -> None:
        """Leave everything as it stands, until asked again."""
        self._held = not self._held
        self._show_headline()

    def action_next_machine(self) -> None:
        """Show another machine, where there are several."""
        known = self._board.machines
        if len(known) > 1:
            place = known.index(self._board.machine) if self._board.machine in known else -1
            self._machine = known[(place + 1) % len(known)]
            self._ask()

    def on_tabbed_content_tab_activated(self, event: TabbedContent.TabActivated) -> None:
        """Let the keys of a pane reach it."""
        for widget in event.pane.query("LiveTable, Tree"):
            if widget.display:
                widget.focus()

    def _ask(self) -> None:
        if not self._asking and not self._held:
            self._asking = True
            self.run_worker(self._read, thread=True, group="board")

    def _read(self) -> None:
        """In a thread: a server that does not answer must not stop the keyboard."""
        runs: list[Run] | None = None
        try:
            board = self._lab.board(self._machine)
            runs = self._lab.runs(limit=RUNS_SHOWN, brief=True)
            trouble = ""
        except JanusError as error:
            board, trouble = self._board, "; ".join(error.lines())
        if not get_current_worker().is_cancelled:
            self.call_from_thread(self._show, board, runs, trouble)

    def _show(self, board: Board, runs: list[Run] | None, trouble: str) -> None:
        self._asking = False
        # Once it ends, panes go one by one while threads still come with what they read.
        if self._held or not self.is_running:
            return
        self._board, self._trouble = board, trouble
        self._show_headline()
        self._panes.query_one(MonitorPane).show(board)
        self._panes.query_one(LeasesPane).show(board)
        if runs is not None:
            self._panes.query_one(RunsPane).show(runs, time.time())

    def _show_headline(self) -> None:
        board = self._board
        clock = "held" if self._held else time.strftime("%H:%M:%S", time.localtime(board.at)) if board.at else "…"
        line = Text.assemble(("janus", "bold"), "  ", one_line(board.machine, 40) or "…", "  ")
        closed = board.book is not None and not board.book.open
        line.append(
            self._trouble or (condition(board) if board.at else ""), "red" if closed or self._trouble else "dim"
        )
        room = max(0, self.size.width - line.cell_len - len(clock) - 2)
        line.append(" " * room).append(clock, "reverse" if self._held else "dim")
        self._panes.query_one("#headline", Static).update(line)
