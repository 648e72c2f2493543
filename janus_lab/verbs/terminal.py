"""The face in a terminal: streamed text and results on stdout, everything else on stderr."""

from __future__ import annotations

import sys
from typing import IO

from janus_lab.errors import UsageError
from janus_lab.values.answer import Answer, Outcome
from janus_lab.values.event import Event, EventKind
from janus_lab.values.ingest import IngestPlan, IngestReport, Progress
from janus_lab.values.run import RunState
from janus_lab.verbs.doing import doing_of
from janus_lab.verbs.plain import plain
from janus_lab.verbs.plain.printable import one_line, printable
from janus_lab.verbs.progress_line import ProgressLine
from janus_lab.verbs.streamed_draft import StreamedDraft

WARNINGS_SHOWN = 20
_LONGEST = 400
"""Characters of a warning."""
_ANEW = "the process that was writing was lost; another one begins anew"
_CHECKED = "What stands above is a draft. Checked against the documents:"


class TerminalFace:
    """Shows events and results as text. A streamed draft stands dimmed until the checked answer takes its place."""

    def __init__(self, out: IO[str] | None = None, err: IO[str] | None = None) -> None:
        self._out = out or sys.stdout
        self._err = err or sys.stderr
        self._progress = ProgressLine(self._err)
        self._draft = StreamedDraft(self._out)
        self._warnings: list[str] = []

    def follow(self, event: Event) -> None:
        """Show one event of a run."""
        match event.kind:
            case EventKind.TOKEN:
                self._progress.clear()
                self._draft.add(str(event.data.get("text", "")))
            case EventKind.PROGRESS if doing := doing_of(event):
                self._hint(doing.text)
            case EventKind.PROGRESS:
                self._progress.show(progress_of(event), warnings=len(self._warnings))
            case EventKind.WARNING:
                self._warnings.append(warning_text(event))
            case EventKind.STATE if note := state_text(event):
                self.say(note)
            case EventKind.STATE if self._draft and begins_anew(event):
                self._draft.withdraw()
                self.say(_ANEW)
            case EventKind.STATE:
                self._hint("working …")
            case EventKind.WAITING:
                self._hint(waiting_text(event))
            case _:
                pass

    def say(self, line: str) -> None:
        """One line on stderr."""
        self._progress.clear()
        self._draft.make_way(f"{printable(line)}\n", self._err)

    def give_way(self, command: str) -> None:  # noqa: ARG002 - a terminal's process is there for one command
        """Finish what is on the screen."""
        self.settle()

    def confirm(self, question: str) -> bool:
        """Ask on stderr, read from stdin."""
        if not sys.stdin.isatty():
            raise UsageError("nobody is there to be asked", remedy="add --yes")
        self._err.write(f"{printable(question)} [y/N] ")
        self._err.flush()
        return sys.stdin.readline().strip().lower() in ("y", "yes")

    def show(self, value: object) -> None:
        """Print a result; that of a run whose text was streamed takes its draft's place."""
        if isinstance(value, IngestReport | IngestPlan):
            self._warnings.clear()  # the report names every file that needs a word
        if isinstance(value, Answer):
            noted = {one_line(note, _LONGEST) for note in value.notes}
            self._warnings = [warning for warning in self._warnings if warning not in noted]
        gone = self.clear()
        if value is None:
            return
        if not gone and isinstance(value, Answer) and value.outcome is Outcome.GENERATED:
            self._print(f"\n{_CHECKED}\n")
        self._print(plain(value))

    def clear(self) -> bool:
        """Take away what stood only until the result is there, and tell the warnings. False if a draft had to be left standing."""
        self._progress.clear()
        gone = self._draft.withdraw()
        self.settle()
        return gone

    def settle(self) -> None:
        """End what is unfinished on the screen: a progress line, a streamed text; then tell the warnings."""
        self._progress.clear()
        self._draft.end()
        for warning in self._warnings[:WARNINGS_SHOWN]:
            self.say(f"warning: {warning}")
        if len(self._warnings) > WARNINGS_SHOWN:
            self.say(f"… and {len(self._warnings) - WARNINGS_SHOWN:,} more warnings")
        self._warnings.clear()

    def _hint(self, text: str) -> None:
        """A word to somebody who waits; a draft that grows says enough."""
        if not self._draft:
            self._progress.hint(text)

    def _print(self, text: str) -> None:
        if text:
            self._out.write(text + "\n")
            self._out.flush()


def progress_of(event: Event) -> Progress:
    """The progress that a PROGRESS event carries."""
    data = event.data
    return Progress(
        files_done=int(data.get("files_done", 0)),
        files_total=int(data.get("files_total", 0)),
        chunks_done=int(data.get("chunks_done", 0)),
        chunks_per_second=float(data.get("chunks_per_second") or 0.0),
        seconds_left=data.get("seconds_left"),
        current=str(data.get("current", "")),
    )


def state_text(event: Event) -> str:
    """What a STATE event says to somebody who waits; "" where the run simply goes on."""
    if event.data.get("state") != RunState.PAUSED:
        return ""
    return f"paused: `janus runs resume {event.run_id[:12]}` goes on with it, here as well"


def begins_anew(event: Event) -> bool:
    """Whether a STATE event says that a run is at work once more: what its text was so far is told again from the first word."""
    return event.data.get("state") == RunState.RUNNING and int(event.data.get("attempt") or 1) > 1


def waiting_text(event: Event) -> str:
    """What a WAITING event says: for what the run waits, and since when."""
    what, seconds = str(event.data.get("what") or "room"), event.data.get("seconds") or 0
    return one_line(f"waiting for {what} since {seconds:.0f} s (`janus monitor` shows who uses it)", 200)


def warning_text(event: Event) -> str:
    """What a WARNING event says, on one line."""
    origin, message, remedy = (str(event.data.get(name) or "") for name in ("origin", "message", "remedy"))
    text = f"{origin}: {message}" if origin and origin not in message else message
    return one_line(f"{text} ({remedy})" if remedy else text, _LONGEST)
