"""Who holds what of the machine, and who waits for it."""

from __future__ import annotations

from collections.abc import Mapping

from rich.text import Text
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import Static

from janus_lab.cli.top.live_table import LiveTable
from janus_lab.values.board import Board
from janus_lab.values.lease import LeaseRequest
from janus_lab.verbs.plain.amounts import duration
from janus_lab.verbs.plain.board import asked_for, held, lacking, lease_cells, purpose
from janus_lab.verbs.plain.printable import one_line

HEADER = ("state", "class", "since", "for what", "what of the machine")
WAITS = "waits"
_STYLES = {WAITS: "yellow", "asked to yield": "red", "kept loaded": "blue"}
_PURPOSE = 24


class LeasesPane(Vertical):
    """Leases that are held, then requests that wait, in the order in which they are served; below, all about the chosen one."""

    def compose(self) -> ComposeResult:
        """Nothing is known yet."""
        yield Static("no leases are known", id="no-leases")
        yield LiveTable(HEADER, id="lease-table", chosen=True)
        yield Static(id="lease-detail", classes="detail")

    def on_mount(self) -> None:
        """Nothing can be chosen yet."""
        self._details: Mapping[str, Text] = {}

    def show(self, board: Board) -> None:
        """Take a board in."""
        rows: dict[str, tuple[str, ...]] = {}
        details: dict[str, Text] = {}
        if board.book is not None:
            for lease in board.book.leases:
                _, _, _, since, state = lease_cells(lease, board.book.at)
                rows[lease.request.id] = _row(state, since, lease.request)
                details[lease.request.id] = _detail(lease.request, f"fence {lease.fence}")
            for waiting in board.book.waiting:
                lacks = lacking(waiting.request, board.book)
                rows[waiting.request.id] = _row(WAITS, duration(board.book.at - waiting.since), waiting.request)
                details[waiting.request.id] = _detail(waiting.request, f"waits for {lacks or 'its turn'}")
        self._details = details
        empty = self.query_one("#no-leases", Static)
        empty.update("no leases are known" if board.book is None else "nobody holds a lease, and nobody waits for one")
        empty.display = not rows
        table = self.query_one("#lease-table", LiveTable)
        table.display = bool(rows)
        table.show_rows(rows, _STYLES)
        self.on_data_table_row_highlighted()

    def on_data_table_row_highlighted(self) -> None:
        """Tell all about the chosen lease."""
        chosen = self.query_one("#lease-table", LiveTable).chosen
        self.query_one("#lease-detail", Static).update(self._details.get(chosen, Text()))


def _row(state: str, since: str, request: LeaseRequest) -> tuple[str, ...]:
    return state, request.priority.value, since, one_line(purpose(request), _PURPOSE), held(request.weights)


def _detail(request: LeaseRequest, state: str) -> Text:
    holder = f"{one_line(request.holder, 60)}, process {request.pid}, {state}"
    return Text.assemble((asked_for(request), "bold"), "\n", held(request.weights), "\n", (holder, "dim"))
