"""The terminal face, on a real pseudo-terminal and on a pipe."""

import os
import pty
import select
import sys
import termios
from dataclasses import replace
from io import StringIO

import pytest

from janus_lab.errors import UsageError
from janus_lab.values.answer import Answer, Citation, Outcome, Sentence
from janus_lab.values.event import Event, EventKind
from janus_lab.values.ingest import IngestReport, Progress
from janus_lab.verbs.progress_line import ProgressLine
from janus_lab.verbs.terminal import TerminalFace

CITED = Citation(1, "d", "v", "c", "Cities", "cities.pdf", 2, 0, 12, "Lima is old.")


def answer(text, *, outcome=Outcome.GENERATED):
    sentence = Sentence(text, 0, len(text), (1,), True)
    return Answer("?", text, outcome, (sentence,), (CITED,), (), "0199", {}, (), "")


def event(kind, **data):
    return Event("r", kind, data, 0.0)


@pytest.fixture
def terminal(monkeypatch):
    """A pseudo-terminal: a stream to write to, and a function that reads what a person would have received."""
    monkeypatch.setenv("TERM", "xterm")
    leader, follower = pty.openpty()
    termios.tcsetwinsize(follower, (24, 40))
    with os.fdopen(follower, "w") as stream:

        def received():
            stream.flush()
            arrived = b""
            while select.select([leader], [], [], 0.2)[0]:
                arrived += os.read(leader, 65536)
            return arrived.decode()

        yield stream, received
    os.close(leader)


def test_on_a_pipe_only_what_stands_is_written():
    out, err = StringIO(), StringIO()
    face = TerminalFace(out, err)
    for word in ("Lima ", "is\x1b[2J ", "old."):
        face.follow(event(EventKind.TOKEN, text=word))
    assert out.getvalue() == ""
    face.show(answer("Lima is older."))
    assert out.getvalue().startswith("Lima is older. [1]\n\n[1] Cities, p. 2")
    assert err.getvalue() == ""


def test_on_a_terminal_the_checked_answer_takes_the_drafts_place(terminal):
    stream, received = terminal
    face = TerminalFace(stream, StringIO())
    face.follow(event(EventKind.TOKEN, text="x" * 50))  # two rows of 40 columns
    assert received() == "\x1b[2m" + "x" * 50
    face.show(answer("Lima is old."))
    text = received()
    assert text.startswith("\x1b[0m\r\n\x1b[2A\r\x1b[JLima is old. [1]")
    assert "Checked" not in text


def test_a_warning_does_not_keep_the_draft_on_the_screen(terminal):
    stream, received = terminal
    face = TerminalFace(stream, stream)
    face.follow(event(EventKind.TOKEN, text="A draft."))
    face.follow(event(EventKind.WARNING, message="half the window"))
    received()
    face.show(answer("Lima is old."))
    assert received().startswith("\x1b[0m\r\n\x1b[1A\r\x1b[Jwarning: half the window\r\nLima is old. [1]")


def test_a_draft_that_begins_anew_is_told_once(terminal):
    stream, received = terminal
    face = TerminalFace(stream, stream)
    face.follow(event(EventKind.STATE, state="running", attempt=1))
    face.follow(event(EventKind.TOKEN, text="A draft."))
    received()
    face.follow(event(EventKind.STATE, state="running", attempt=2))
    face.follow(event(EventKind.TOKEN, text="A draft."))
    text = received()
    assert text.startswith("\x1b[0m\r\n\x1b[1A\r\x1b[Jthe process that was writing was lost")
    assert text.endswith("begins anew\r\n\x1b[2mA draft.")


def test_a_line_that_is_told_meanwhile_stands_above_the_draft(terminal):
    stream, received = terminal
    face = TerminalFace(stream, stream)
    face.follow(event(EventKind.TOKEN, text="A draft"))
    face.say("the engine room starts")
    face.follow(event(EventKind.TOKEN, text=" goes on."))
    text = received()
    assert text.endswith("\x1b[1A\r\x1b[Jthe engine room starts\r\n\x1b[2mA draft goes on.")


def test_a_draft_taller_than_the_screen_is_told_from_what_stands(terminal):
    stream, received = terminal
    face = TerminalFace(stream, StringIO())
    face.follow(event(EventKind.TOKEN, text="x\n" * 30))
    received()
    face.show(answer("Lima is old."))
    assert "\x1b[J" not in (text := received())
    assert "What stands above is a draft." in text


def test_warnings_are_told_once():
    warning = event(EventKind.WARNING, origin="a.pdf", message="is empty\x07", remedy="fill it")
    err = StringIO()
    face = TerminalFace(StringIO(), err)
    face.follow(warning)
    face.settle()
    face.settle()
    assert err.getvalue() == "warning: a.pdf: is empty (fill it)\n"
    face.follow(warning)
    face.show(IngestReport("r", "c", 0, 0, 0, 1, 0, 0, 0, 0, 0.1, ()))
    assert err.getvalue().count("warning") == 1


def test_what_an_answer_notes_is_not_told_before_it_too():
    out, err = StringIO(), StringIO()
    face = TerminalFace(out, err)
    for said in ("a can't answer, so b is asked instead", "half the window"):
        face.follow(event(EventKind.WARNING, message=said))
    face.show(replace(answer("Lima is old."), notes=("a can't answer, so b is asked instead",)))
    assert err.getvalue() == "warning: half the window\n"
    assert "note: a can't answer" in out.getvalue()


def test_progress_rewrites_one_line_on_a_terminal(terminal):
    stream, received = terminal
    now = [0.0]
    line = ProgressLine(stream, clock=lambda: now[0])
    line.show(Progress(1, 9, 3, 0.0, None, "a\x1b[31m" * 40), warnings=2)
    line.show(Progress(2, 9, 4, 0.0, None))
    shown = received()
    assert shown.startswith("\r\x1b[K1/9 files · 3 chunks · 2 warnings")
    assert len(shown) <= 3 + 40
    assert "2/9" not in shown
    now[0] = 0.2
    line.show(Progress(3, 9, 4, 0.0, None))
    line.clear()
    assert received() == "\r\x1b[K3/9 files · 4 chunks\r\x1b[K"


def test_progress_in_a_log_is_sparse():
    stream, now = StringIO(), [0.0]
    line = ProgressLine(stream, clock=lambda: now[0])
    for second in range(31):
        now[0] = float(second)
        line.show(Progress(second, 31, second, 0.0, None))
    assert stream.getvalue().splitlines() == [f"{n}/31 files · {n} chunks" for n in (10, 20, 30)]


def test_nobody_is_asked_where_nobody_is(monkeypatch):
    monkeypatch.setattr(sys, "stdin", StringIO("y\n"))
    with pytest.raises(UsageError) as caught:
        TerminalFace(StringIO(), StringIO()).confirm("Remove?")
    assert "--yes" in caught.value.remedy


def test_who_waits_for_room_is_told_for_what(terminal):
    stream, received = terminal
    face = TerminalFace(stream, stream)
    face.follow(event(EventKind.WAITING, what="threads", state="waiting", seconds=3.2))
    assert "waiting for threads since 3 s" in received()
