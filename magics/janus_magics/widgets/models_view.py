"""The live list of models: a widget that is handed views, and passes on what is new."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

import anywidget
import traitlets

from janus_lab.values.model_status import ModelView
from janus_magics.render import bundle
from janus_magics.widgets.assets import joined
from janus_magics.widgets.attention import Attention
from janus_magics.widgets.board_wire import changed
from janus_magics.widgets.models_wire import sections

SCRIPTS = ("words.js", "elements.js", "live_display.js", "models.js")
STYLES = ("theme.css", "models.css")
PERIOD_SECONDS = 2.0
ALL_AGAIN_SECONDS = 30.0
"""After so long everything is told anew: a browser may have missed something."""


class ModelsView(anywidget.AnyWidget):
    """Draws models and what memory they take. Where no widget can be drawn it shows them as they last were.

    `wake` is called when it may want the next view; it sends nothing while nobody looks. `show` may be called from any thread.
    """

    _esm = joined(*SCRIPTS)
    _css = joined(*STYLES)
    opening = traitlets.Dict().tag(sync=True)
    """What is drawn until the first message comes."""
    over = traitlets.Unicode().tag(sync=True)
    """Why no more come."""

    def __init__(
        self, first: ModelView, *, attention: Attention, wake: Callable[[], None], end: Callable[[], None]
    ) -> None:
        self.view = first
        self._attention = attention
        self._wake = wake
        self._end = end
        self._lock = threading.Lock()
        self._told = sections(first)
        self._told_at = time.monotonic()
        super().__init__(opening={"at": time.time(), "sections": self._told})
        # Until a browser says so itself, whoever made it is taken to look.
        attention.heard("")
        self.on_msg(self._hear)

    def wanted(self) -> tuple[str | None, float] | None:
        """How soon the next view is wanted; None while nobody looks."""
        if self.comm is None or not self._attention.anybody():
            return None
        return None, PERIOD_SECONDS

    def show(self, view: ModelView) -> None:
        """Draw this one."""
        with self._lock:
            self.view = view
            if time.monotonic() - self._told_at > ALL_AGAIN_SECONDS:
                self._forget()
            found = sections(view)
            news, self._told = changed(self._told, found), found
            self.send({"kind": "models", "at": time.time(), "sections": news})

    def ended(self) -> None:
        """No more come; what is drawn stays."""
        self._end()
        self.over = "ended: the lab was closed"

    def unseen_seconds(self) -> float:
        """How long nobody has looked."""
        return self._attention.unseen_seconds()

    def _forget(self) -> None:
        self._told, self._told_at = {}, time.monotonic()

    def _hear(self, _widget: object, content: dict[str, Any], _buffers: object) -> None:
        browser = str(content.get("browser"))
        if content.get("kind") == "away":
            self._attention.left(browser)
            return
        self._attention.left("")
        if self._attention.heard(browser) or content.get("fresh"):
            with self._lock:
                self._forget()
        self._wake()

    def _repr_mimebundle_(self, **options: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        found = super()._repr_mimebundle_(**options)
        data, metadata = found if isinstance(found, tuple) else (found or {}, {})
        return {**data, **bundle(self.view)}, metadata
