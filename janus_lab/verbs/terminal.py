"""The face in a terminal: streamed text and results on stdout, everything else on stderr."""

from __future__ import annotations

import os
import re
import sys
import unicodedata
from typing import IO

from janus_lab.errors import UsageError
from janus_lab.values.answer import Answer, Outcome
from janus_lab.values.event import Event, EventKind
from janus_lab.values.ingest import IngestPlan, IngestReport, Progress
from janus_lab.values.run import RunState
from janus_lab.verbs.doing import doing_of
from janus_lab.verbs.plain import plain
from janus_lab.verbs.plain.answer import OUTCOMES, evidence, marked
from janus_lab.verbs.plain.printable import one_line, printable
from janus_lab.verbs.progress_line import ProgressLine

WARNINGS_SHOWN = 20
_LONGEST = 400
"""Characters of a warning."""
_NUMBERS = re.compile(r"\s?\[\d+\]")
_DIM, _PLAIN = "\x1b[2m", "\x1b[0m"


class TerminalFace:
    """Shows events and results as text. A streamed draft stands dimmed until the checked answer takes its place."""

    def __init__(self, out: IO[str] | None = None, err: IO[str] | None = None) -> None:
        self._out = out or sys.stdout
        self._err = err or sys.stderr
        self._rewrites = self._out.isatty() and os.environ.get("TERM", "dumb") != "dumb"
        self._progress = ProgressLine(self._err)
        self._draft = ""
        self._intact = True
        self._warnings: list[str] = []

    def follow(self, event: Event) -> None:
        """Show one event of a run."""
        match event.kind:
            case EventKind.TOKEN:
                self._stream(str(event.data.get("text", "")))
            case EventKind.PROGRESS if doing := doing_of(event):
                self._progress.hint(doing.text)
            case EventKind.PROGRESS:
                self._progress.show(progress_of(event), warnings=len(self._warnings))
            case EventKind.WARNING:
                self._warnings.append(warning_text(event))
            case EventKind.STATE if note := state_text(event):
                self.say(note)
            case EventKind.STATE:
                self._progress.hint("working …")
            case EventKind.WAITING:
                self._progress.hint(waiting_text(event))
            case _:
                pass

    def say(self, line: str) -> None:
        """One line on stderr."""
        self._progress.clear()
        self._intact = False
        self._err.write(f"{printable(line)}\n")
        self._err.flush()

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
        """Print a result; an answer that was streamed takes its draft's place or follows it."""
        if isinstance(value, IngestReport | IngestPlan):
            self._warnings.clear()  # the report names every file that needs a word
        if isinstance(value, Answer):
            noted = {one_line(note, _LONGEST) for note in value.notes}
            self._warnings = [warning for warning in self._warnings if warning not in noted]
        self.settle()
        draft, self._draft = self._draft, ""
        if value is None:
            return
        if isinstance(value, Answer) and draft:
            self._print(self._after_draft(value, draft))
        else:
            self._print(plain(value))

    def settle(self) -> None:
        """End what is unfinished on the screen: a progress line, a line of streamed text; then tell the warnings."""
        self._progress.clear()
        if self._draft:
            self._out.write(_PLAIN if self._rewrites else "")
            self._out.write("" if self._draft.endswith("\n") else "\n")
            self._out.flush()
        for warning in self._warnings[:WARNINGS_SHOWN]:
            self.say(f"warning: {warning}")
        if len(self._warnings) > WARNINGS_SHOWN:
            self.say(f"… and {len(self._warnings) - WARNINGS_SHOWN:,} more warnings")
        self._warnings.clear()

    def _print(self, text: str) -> None:
        if text:
            self._out.write(text + "\n")
            self._out.flush()

    def _stream(self, text: str) -> None:
        clean = printable(text)
        if not self._draft:
            self._progress.clear()
            clean = clean.lstrip()
            self._out.write(_DIM if self._rewrites and clean else "")
            self._intact = True
        self._draft += clean
        self._out.write(clean)
        self._out.flush()

    def _after_draft(self, value: Answer, draft: str) -> str:
        size = _terminal_size(self._out)
        if self._rewrites and self._intact and size is not None:
            rows = _rows(draft.rstrip("\n"), size.columns)
            if rows < size.lines:
                self._out.write(f"\x1b[{rows}A\r\x1b[J")
                return plain(value)
        told = draft.strip() == _NUMBERS.sub("", printable(value.text)).strip() and len(value.sentences) <= 1
        if told and all(s.supported for s in value.sentences) and value.outcome is not Outcome.EXTRACTIVE:
            label = OUTCOMES[value.outcome] if value.outcome is Outcome.CANCELLED else ""
            return "\n\n".join(part for part in (label, evidence(value)) if part)
        label = OUTCOMES[value.outcome] or "Checked against the documents:"
        return "\n" + "\n\n".join(part for part in (label, marked(value), evidence(value)) if part)


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


def waiting_text(event: Event) -> str:
    """What a WAITING event says: for what the run waits, and since when."""
    what, seconds = str(event.data.get("what") or "room"), event.data.get("seconds") or 0
    return one_line(f"waiting for {what} since {seconds:.0f} s (`janus monitor` shows who uses it)", 200)


def warning_text(event: Event) -> str:
    """What a WARNING event says, on one line."""
    origin, message, remedy = (str(event.data.get(name) or "") for name in ("origin", "message", "remedy"))
    text = f"{origin}: {message}" if origin and origin not in message else message
    return one_line(f"{text} ({remedy})" if remedy else text, _LONGEST)


def _terminal_size(stream: IO[str]) -> os.terminal_size | None:
    try:
        return os.get_terminal_size(stream.fileno())
    except (OSError, ValueError):
        return None


def _rows(text: str, columns: int) -> int:
    """How many rows a terminal of that width shows the text in."""
    if columns < 1:
        return sys.maxsize
    return sum(max(1, -(-_width(line) // columns)) for line in text.split("\n"))


def _width(line: str) -> int:
    return sum(
        0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1
        for c in line.expandtabs(8)
    )
