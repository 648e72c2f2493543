"""`live_board`: a lab's board that goes on, any number of times, read by one thread."""

from __future__ import annotations

from typing import TYPE_CHECKING

from IPython.core.getipython import get_ipython

from janus_magics.widgets.attention import Attention
from janus_magics.widgets.board_panel import BoardPanel
from janus_magics.widgets.board_view import BoardView
from janus_magics.widgets.cell_watch import CellWatch

if TYPE_CHECKING:
    from janus_lab.lab import Lab
    from janus_lab.lab.board_feed import Feed
    from janus_lab.values.board import Board

FORGOTTEN_SECONDS = 60.0
"""A board that nobody has looked at for so long is let go when the next one is made: its cell has been run again."""


def live_board(lab: Lab, machine: str | None = None) -> BoardPanel:
    """A widget with the board of a machine (None: this one), until the lab is closed."""
    feed = lab.boards.feed
    _forget_unseen(feed)
    cells = CellWatch(get_ipython())
    attention = Attention(cells.working)
    view = BoardView(lab.board(machine), attention=attention, wake=feed.wake, past=lab.boards.history)
    panel = BoardPanel(view, cells.end)
    feed.add(panel)
    feed.wake()
    return panel


def _forget_unseen(feed: Feed[Board]) -> None:
    for display in feed.displays():
        if isinstance(display, BoardPanel) and display.view.unseen_seconds() > FORGOTTEN_SECONDS:
            feed.remove(display)
            display.dispose()
