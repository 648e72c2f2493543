"""The live queue's drawing: a widget that is handed queues, passes on what is new, and lets a person act on runs."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

import anywidget
import traitlets

from janus_lab.errors import JanusError
from janus_lab.values.work_queue import WorkQueue
from janus_magics.render import bundle
from janus_magics.widgets.assets import joined
from janus_magics.widgets.attention import Attention
from janus_magics.widgets.board_wire import changed
from janus_magics.widgets.queue_wire import rows, sections

SCRIPTS = ("words.js", "elements.js", "live_display.js", "run_card.js", "opened_run.js", "parked.js", "queue.js")
STYLES = ("theme.css", "queue.css")
PERIOD_SECONDS = 1.0
AT_ONCE_SECONDS = 0.05
ALL_AGAIN_SECONDS = 30.0
"""After so long everything is told anew: a browser may have missed something."""


class QueueView(anywidget.AnyWidget):
    """Draws queues. `acts` are what may be done, by name: they take an id and return what to tell.

    `wake` is called when it may want the next queue. It sends nothing while nobody looks at it; `show` may be called from any
    thread. Where no widget can be drawn it shows the queue as it last was.
    """

    _esm = joined(*SCRIPTS)
    _css = joined(*STYLES)
    opening = traitlets.Dict().tag(sync=True)
    """What is drawn until the first message comes."""
    opened = traitlets.Unicode().tag(sync=True)
    """The id of the run that is looked at closely."""
    over = traitlets.Unicode().tag(sync=True)
    """Why no more queues come."""

    def __init__(
        self,
        first: WorkQueue,
        *,
        attention: Attention,
        wake: Callable[[], None],
        acts: Mapping[str, Callable[[str], str]],
        end: Callable[[], None] = lambda: None,
    ) -> None:
        self.queue = first
        self._attention = attention
        self._wake = wake
        self._acts = acts
        self._end = end
        self._lock = threading.Lock()
        self._at_once = False
        self._told, self._told_rows = sections(first), rows(first)
        self._told_at = time.monotonic()
        super().__init__(opening={"at": first.at, "sections": self._told, "rows": self._told_rows})
        # Until a browser says so itself, whoever made it is taken to look.
        attention.heard("")
        self.on_msg(self._hear)
        self.observe(lambda _change: self._again(), names="opened")

    def wanted(self) -> tuple[str | None, float] | None:
        """The run whose steps are wanted with the next queue, and how soon that is; None while nobody looks."""
        if self.comm is None or not self._attention.anybody():
            return None
        return self.opened or None, AT_ONCE_SECONDS if self._at_once else PERIOD_SECONDS

    def show(self, queue: WorkQueue) -> None:
        """Draw this one."""
        with self._lock:
            self.queue, self._at_once = queue, False
            if time.monotonic() - self._told_at > ALL_AGAIN_SECONDS:
                self._forget()
            found, found_rows = sections(queue), rows(queue)
            news = {"sections": changed(self._told, found), "rows": changed(self._told_rows, found_rows)}
            self._told, self._told_rows = found, found_rows
            self.send({"kind": "queue", "at": queue.at, **news})

    def ended(self) -> None:
        """No more queues come; what is drawn stays."""
        self._end()
        self.over = "ended: the lab was closed"

    def unseen_seconds(self) -> float:
        """How long nobody has looked."""
        return self._attention.unseen_seconds()

    def _forget(self) -> None:
        self._told, self._told_rows, self._told_at = {}, {}, time.monotonic()

    def _again(self) -> None:
        self._at_once = True
        self._wake()

    def _hear(self, _widget: object, content: dict[str, Any], _buffers: object) -> None:
        browser = str(content.get("browser"))
        match content.get("kind"):
            case "away":
                self._attention.left(browser)
                return
            case "act":
                self._act(str(content.get("act")), str(content.get("id")))
        self._attention.left("")
        if self._attention.heard(browser) or content.get("fresh"):
            with self._lock:
                self._forget()
        self._again()

    def _act(self, name: str, run_id: str) -> None:
        """Do it, and tell how that went: an error in a front end's message would be seen by nobody."""
        act = self._acts.get(name)
        if act is None:
            return
        told = {"kind": "acted", "act": name, "id": run_id, "good": True, "remedy": ""}
        try:
            self.send({**told, "text": act(run_id)})
        except JanusError as error:
            self.send({**told, "good": False, "text": error.message, "remedy": error.remedy})

    def _repr_mimebundle_(self, **options: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        found = super()._repr_mimebundle_(**options)
        data, metadata = found if isinstance(found, tuple) else (found or {}, {})
        return {**data, **bundle(self.queue)}, metadata
