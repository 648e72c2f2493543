"""The live board with its controls."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import ipywidgets

from janus_lab.values.board import Board
from janus_magics.render import bundle
from janus_magics.widgets.board_view import PERIODS, BoardView


class BoardPanel(ipywidgets.VBox):  # type: ignore[misc]  # ipywidgets is untyped
    """A board's view below pause, pace and machine. Where no widget can be drawn it shows the board as it last was.

    `end` is called once when no more boards come.
    """

    def __init__(self, view: BoardView, end: Callable[[], None]) -> None:
        self.view = view
        self._end = end
        pause = ipywidgets.ToggleButton(
            value=False, description="Pause", icon="pause", tooltip="Stop the board where it is", layout=_wide(88)
        )
        paces = [f"every {seconds:g} s" for seconds in PERIODS]
        pace = ipywidgets.Dropdown(options=paces, index=view.pace, tooltip="How often it is drawn", layout=_wide(112))
        self._machines = ipywidgets.Dropdown(tooltip="Which machine is shown", layout=_wide(150))
        # In the browser, so that they answer at once even while a cell runs.
        self._links = [
            ipywidgets.jslink((pause, "value"), (view, "paused")),
            ipywidgets.jslink((pace, "index"), (view, "pace")),
        ]
        controls = ipywidgets.HBox([self._machines, pace, pause])
        controls.add_class("janus-controls")
        super().__init__([controls, view])
        self.add_class("janus-panel")
        self._offer(view.board.machines)
        self._machines.observe(self._chosen, names="value")

    @property
    def board(self) -> Board:
        """What it shows now."""
        return self.view.board

    def wanted(self) -> tuple[str | None, float] | None:
        """As its view wants it."""
        return self.view.wanted()

    def show(self, board: Board) -> None:
        """Draw this board, and offer the machines that it knows."""
        self._offer(board.machines)
        self.view.show(board)

    def ended(self) -> None:
        """No more boards come; what is drawn stays."""
        self._end()
        self.view.over = "ended: the lab was closed"

    def dispose(self) -> None:
        """Close it with everything in it."""
        for part in (*self._links, *self.children[0].children, *self.children, self):
            part.close()

    def _offer(self, machines: Sequence[str]) -> None:
        offered = tuple(dict.fromkeys((*machines, self.view.machine)))
        if self._machines.options != offered:
            self._machines.options = offered
            self._machines.value = self.view.machine
            self._machines.layout.display = None if len(offered) > 1 else "none"

    def _chosen(self, change: dict[str, Any]) -> None:
        if change["new"] and change["new"] != self.view.machine:
            self.view.turn_to(change["new"])

    def _repr_mimebundle_(self, **options: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        found = super()._repr_mimebundle_(**options)
        data, metadata = found if isinstance(found, tuple) else (found or {}, {})
        return {**data, **bundle(self.board)}, metadata


def _wide(pixels: int) -> ipywidgets.Layout:
    return ipywidgets.Layout(width=f"{pixels}px")
