"""What the machine has, who uses it, and what waits in the queues."""

from __future__ import annotations

from rich.text import Text
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.events import Resize
from textual.widgets import Static

from janus_lab.cli.top.gauge_bars import gauge_lines
from janus_lab.cli.top.live_table import LiveTable
from janus_lab.values.board import Board
from janus_lab.values.gauge import gauges
from janus_lab.verbs.plain.board import PROCESSES, process_cells, processes
from janus_lab.verbs.plain.printable import one_line


class MonitorPane(Vertical):
    """Gauges above, then the queues on a line, then processes."""

    def compose(self) -> ComposeResult:
        """Nothing is known yet."""
        yield Static("measuring …", id="gauges", markup=False)
        yield Static(id="note", markup=False)
        yield Static(id="queues")
        yield LiveTable(PROCESSES, id="processes")

    def on_mount(self) -> None:
        """Show at first that nothing is known yet."""
        self._board: Board | None = None

    def show(self, board: Board) -> None:
        """Take a board in."""
        self._board = board
        found = gauges(board)
        told = gauge_lines(found, self.size.width - 2) if found else Text("nobody measures this machine yet", "dim")
        self.query_one("#gauges", Static).update(told)
        note = self.query_one("#note", Static)
        note.update(Text(one_line(board.note, 300)))
        note.display = bool(board.note)
        self.query_one("#queues", Static).update(_queues(board))
        self.query_one("#processes", LiveTable).show_rows(
            {str(each.pid): process_cells(each) for each in processes(board)}, {"Janus": "blue"}
        )

    def on_resize(self, _event: Resize) -> None:
        """Draw the bars anew, as wide as they may be now."""
        if self._board is not None:
            self.show(self._board)


def _queues(board: Board) -> Text:
    line = Text().append("Queues".ljust(10), "bold")
    if not board.queues:
        return line.append("none are known", "dim")
    for queue in board.queues:
        line.append(f"{one_line(queue.queue, 20)} ").append(str(queue.waiting), "bold" if queue.waiting else "dim")
        for number, what, style in (
            (queue.under_way or 0, "under way", "dim"),
            (queue.delayed, "delayed", "dim"),
            (queue.dead, "parked", "red"),
        ):
            line.append(", " if number else "", "dim").append(f"{number} {what}" if number else "", style)
        line.append("   ")
    return line
