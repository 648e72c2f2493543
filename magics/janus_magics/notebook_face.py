"""The face in a notebook cell: one display that grows while a run goes on and ends as its result."""

from __future__ import annotations

import time
import uuid
from collections import deque

from IPython.display import display, update_display

from janus_lab.errors import UsageError
from janus_lab.values.event import Event, EventKind
from janus_lab.values.ingest import Progress
from janus_lab.verbs.doing import Doing, doing_of
from janus_lab.verbs.plain.documents import progress as progress_text
from janus_lab.verbs.terminal import begins_anew, progress_of, state_text, waiting_text, warning_text
from janus_magics.living_on import living_on
from janus_magics.render import bundle
from janus_magics.render.live import draft, progress, task

PERIOD_SECONDS = 1 / 6
CHARACTERS_PER_SECOND = 40_000
"""Every update sends the whole text, so a long one is updated less often."""
WARNINGS_SHOWN = 5


class NotebookFace:
    """Shows a run's events through one display handle, at most six times a second."""

    def __init__(self) -> None:
        self._display = ""
        self._draft = ""
        self._progress: Progress | None = None
        self._doing: Doing | None = None
        self._note = ""
        self._warnings: deque[str] = deque(maxlen=WARNINGS_SHOWN)
        self._next = 0.0

    def follow(self, event: Event) -> None:
        """Take an event in, and show it when it is time."""
        match event.kind:
            case EventKind.TOKEN:
                if not self._draft:
                    self._next = 0.0  # the first words are shown at once
                self._draft += str(event.data.get("text", ""))
                self._note = ""
            case EventKind.PROGRESS if doing := doing_of(event):
                self._doing, self._note = doing, ""
            case EventKind.PROGRESS:
                self._progress = progress_of(event)
                self._note = ""
            case EventKind.WARNING:
                self._warnings.append(warning_text(event))
            case EventKind.STATE:
                self._draft = "" if begins_anew(event) else self._draft
                self._note, self._next = state_text(event), 0.0
            case EventKind.WAITING:
                self._note, self._next = waiting_text(event), 0.0
            case _:
                return
        now = time.monotonic()
        if now >= self._next:
            self._next = now + max(PERIOD_SECONDS, len(self._draft) / CHARACTERS_PER_SECOND)
            self._update(self._live())

    def say(self, line: str) -> None:
        """One line of the cell's output."""
        print(line)  # noqa: T201 - a cell's own output

    def give_way(self, command: str) -> None:
        """Never: a kernel lives on."""
        raise living_on(command)

    def confirm(self, question: str) -> bool:
        """Ask through the front end's input box."""
        from IPython.core.error import StdinNotImplementedError

        try:
            return input(f"{question} [y/N] ").strip().lower() in ("y", "yes")
        except StdinNotImplementedError as error:
            raise UsageError("nobody is there to be asked", remedy="add --yes") from error

    def settle(self, value: object) -> bool:
        """Let the display end as the result; False if there was none."""
        if not self._display or value is None:
            return False
        self._update(bundle(value))
        return True

    def abandon(self) -> None:
        """Let the display end as it is, because no result comes."""
        if self._display:
            self._update(self._live(ended=True))

    def _live(self, *, ended: bool = False) -> dict[str, str]:
        if self._progress is not None:
            text = progress_text(self._progress)
            shown = progress(self._progress, list(self._warnings), note=self._note, ended=ended)
            return {"text/plain": text, "text/html": str(shown)}
        if self._doing is not None and not self._draft:
            shown = task(self._doing, list(self._warnings), note=self._note, ended=ended)
            return {"text/plain": self._doing.text, "text/html": str(shown)}
        return {"text/plain": self._draft or "…", "text/html": str(draft(self._draft, note=self._note, ended=ended))}

    def _update(self, content: dict[str, str]) -> None:
        if not self._display:
            self._display = uuid.uuid4().hex
            display(content, raw=True, display_id=self._display)  # type: ignore[no-untyped-call]  # IPython's
        else:
            update_display(content, raw=True, display_id=self._display)  # type: ignore[no-untyped-call]  # IPython's
