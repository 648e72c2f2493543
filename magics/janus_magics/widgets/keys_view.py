"""The live keys' drawing: a widget that is handed pages of keys, passes on what is new, and reads the one that is chosen."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

import anywidget
import traitlets

from janus_lab.errors import JanusError
from janus_lab.values.stored_key import KeyContent, KeyPage
from janus_lab.verbs.plain.keys import summary
from janus_magics.render import bundle
from janus_magics.widgets.assets import joined
from janus_magics.widgets.attention import Attention
from janus_magics.widgets.board_wire import changed
from janus_magics.widgets.keys_wire import content, missing, rows

SCRIPTS = ("words.js", "elements.js", "live_display.js", "key_tree.js", "key_detail.js", "keys.js")
STYLES = ("theme.css", "keys.css")
PERIOD_SECONDS = 2.0
AT_ONCE_SECONDS = 0.05
REST = 10.0
"""Between two looks it rests so many times as long as one takes: a server may hold millions of others' keys."""
ALL_AGAIN_SECONDS = 30.0
"""After so long everything is told anew: a browser may have missed something."""


class KeysView(anywidget.AnyWidget):
    """Draws the keys that a pattern meets. `read` gives one key; `delete` deletes one, and None leaves the server as it is.

    `wake` is called when it may want the next page. It sends nothing while nobody looks at it; `show` may be called from any
    thread. Where no widget can be drawn it shows the keys as they last were.
    """

    _esm = joined(*SCRIPTS)
    _css = joined(*STYLES)
    opening = traitlets.Dict().tag(sync=True)
    """What is drawn until the first message comes."""
    chosen = traitlets.Unicode().tag(sync=True)
    """The name of the key that is looked at closely."""
    writable = traitlets.Bool(default_value=False).tag(sync=True)
    """Whether keys may be deleted here."""
    over = traitlets.Unicode().tag(sync=True)
    """Why no more keys come."""

    def __init__(
        self,
        first: KeyPage,
        *,
        attention: Attention,
        wake: Callable[[], None],
        read: Callable[[str], KeyContent],
        delete: Callable[[str], None] | None = None,
        end: Callable[[], None] = lambda: None,
    ) -> None:
        self.page = first
        self._attention = attention
        self._wake = wake
        self._read = read
        self._delete = delete
        self._end = end
        self._lock = threading.Lock()
        self._at_once = False
        self._told = rows(first, {})
        self._told_content: dict[str, Any] = {}
        self._told_at = time.monotonic()
        opening = {"at": first.at, "rows": self._told, "gone": [], "summary": summary(first)}
        super().__init__(opening=opening, writable=delete is not None)
        # Until a browser says so itself, whoever made it is taken to look.
        attention.heard("")
        self.on_msg(self._hear)
        self.observe(lambda _change: self._again(), names="chosen")

    def wanted(self) -> tuple[str | None, float] | None:
        """The pattern whose keys are wanted next, and how soon; None while nobody looks."""
        if self.comm is None or not self._attention.anybody():
            return None
        seldom = max(PERIOD_SECONDS, self.page.seconds * REST)
        return self.page.pattern, AT_ONCE_SECONDS if self._at_once else seldom

    def show(self, page: KeyPage) -> None:
        """Draw these, and the chosen one as it is now."""
        with self._lock:
            self.page, self._at_once = page, False
            if time.monotonic() - self._told_at > ALL_AGAIN_SECONDS:
                self._forget()
            found, chosen = rows(page, self._told), self._content()
            news: dict[str, Any] = {"kind": "keys", "at": page.at, "summary": summary(page)}
            news["rows"] = changed(self._told, found)
            # Told anew, whatever is not among the rows is gone.
            news["gone"] = [name for name in self._told if name not in found] if self._told else None
            if chosen != self._told_content:
                news["content"] = chosen
            self._told, self._told_content = found, chosen
            self.send(news)

    def ended(self) -> None:
        """No more keys come; what is drawn stays."""
        self._end()
        self.over = "ended: the lab was closed"

    def unseen_seconds(self) -> float:
        """How long nobody has looked."""
        return self._attention.unseen_seconds()

    def _content(self) -> dict[str, Any]:
        name = self.chosen
        if not name:
            return {}
        try:
            return content(self._read(name))
        except JanusError as error:
            return missing(name, error.message)

    def _forget(self) -> None:
        self._told, self._told_content, self._told_at = {}, {}, time.monotonic()

    def _again(self) -> None:
        self._at_once = True
        self._wake()

    def _hear(self, _widget: object, said: dict[str, Any], _buffers: object) -> None:
        browser = str(said.get("browser"))
        match said.get("kind"):
            case "away":
                self._attention.left(browser)
                return
            case "delete":
                self._act(str(said.get("name")))
        self._attention.left("")
        if self._attention.heard(browser) or said.get("fresh"):
            with self._lock:
                self._forget()
        self._again()

    def _act(self, name: str) -> None:
        """Delete, if that was asked for when this was made, and tell how that went: nobody sees an error in a message."""
        if self._delete is None:
            return
        try:
            self._delete(name)
            self.send({"kind": "acted", "good": True, "text": f"Deleted {name}.", "remedy": ""})
        except JanusError as error:
            self.send({"kind": "acted", "good": False, "text": error.message, "remedy": error.remedy})

    def _repr_mimebundle_(self, **options: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        found = super()._repr_mimebundle_(**options)
        data, metadata = found if isinstance(found, tuple) else (found or {}, {})
        return {**data, **bundle(self.page)}, metadata
