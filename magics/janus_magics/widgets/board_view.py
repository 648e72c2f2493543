"""The live board's drawing: a widget that is handed boards and passes on what is new in them."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

import anywidget
import traitlets

from janus_lab.values.board import Board
from janus_lab.values.machine import Sample
from janus_magics.widgets.assets import joined
from janus_magics.widgets.attention import Attention
from janus_magics.widgets.board_wire import changed, history, sections, tick

SCRIPTS = ("words.js", "elements.js", "live_display.js", "curve.js", "gauge.js", "lists.js", "board.js")
STYLES = ("theme.css", "board.css")
PERIODS = (0.5, 1.0, 2.0, 5.0)
"""Seconds that may lie between two boards."""
ALL_AGAIN_SECONDS = 30.0
"""After so long everything is told anew: a browser may have missed something."""
PROCESSES_SECONDS = 2.0
"""The list of processes changes all the time, and is told this often."""


class BoardView(anywidget.AnyWidget):
    """Draws one machine's boards. `wake` is called when it may want the next one; `past` gives samples of a machine.

    It sends nothing while nobody looks at it. `show` may be called from any thread.
    """

    _esm = joined(*SCRIPTS)
    _css = joined(*STYLES)
    opening = traitlets.Dict().tag(sync=True)
    """What is drawn until the first message comes."""
    paused = traitlets.Bool(default_value=False).tag(sync=True)
    pace = traitlets.Int(default_value=0, min=0, max=len(PERIODS) - 1).tag(sync=True)
    """Which of the periods it keeps."""
    over = traitlets.Unicode().tag(sync=True)
    """Why no more boards come."""

    def __init__(
        self,
        first: Board,
        *,
        attention: Attention,
        wake: Callable[[], None],
        past: Callable[[str], list[Sample]],
    ) -> None:
        self.board = first
        self.machine = first.machine
        self._attention = attention
        self._wake = wake
        self._past = past
        self._lock = threading.Lock()
        self._told = sections(first)
        self._told_at = self._processes_at = time.monotonic()
        super().__init__(opening=self._everything(first))
        # Until a browser says so itself, whoever made it is taken to look.
        attention.heard("")
        self.on_msg(self._hear)
        self.observe(lambda _change: wake(), names=["paused", "pace"])

    def wanted(self) -> tuple[str | None, float] | None:
        """What the next board should be of, and how soon; None while nobody looks or it is paused."""
        if self.paused or self.comm is None or not self._attention.anybody():
            return None
        return self.machine, PERIODS[self.pace]

    def show(self, board: Board) -> None:
        """Draw this one."""
        with self._lock:
            if board.machine != self.machine:
                return
            self.board = board
            self._tell(board)

    def turn_to(self, machine: str) -> None:
        """Show another machine from now on."""
        with self._lock:
            self.machine = machine
            self._told = {}
        self._wake()

    def unseen_seconds(self) -> float:
        """How long nobody has looked."""
        return self._attention.unseen_seconds()

    def _tell(self, board: Board) -> None:
        now, found = time.monotonic(), sections(board)
        if now - self._told_at > ALL_AGAIN_SECONDS:
            self._told, self._told_at = {}, now
        if now - self._processes_at < PROCESSES_SECONDS and "processes" in self._told:
            found["processes"] = self._told["processes"]
        else:
            self._processes_at = now
        message: dict[str, Any] = {"kind": "board", "tick": tick(board), "sections": changed(self._told, found)}
        if not self._told:
            message["history"] = history(self._past(board.machine))
        self._told = found
        self.send(message)

    def _everything(self, board: Board) -> dict[str, Any]:
        past = history(self._past(board.machine))
        return {"tick": tick(board), "sections": sections(board), "history": past, "periods": PERIODS}

    def _hear(self, _widget: object, content: dict[str, Any], _buffers: object) -> None:
        browser = str(content.get("browser"))
        if content.get("kind") == "away":
            self._attention.left(browser)
            return
        self._attention.left("")
        self._attention.heard(browser)
        if content.get("fresh"):
            with self._lock:
                self._told, self._told_at = {}, time.monotonic()
                if self.paused:
                    self._tell(self.board)
        self._wake()
