"""Removing documents, on a lab in this process."""

from __future__ import annotations

from contextlib import closing

import pytest

from janus_lab.errors import NotFound
from janus_lab.verbs.docs import VERB, Removal
from janus_lab.verbs.listings import Runs
from janus_lab.verbs.plain import plain
from janus_lab.verbs.session import Session
from janus_lab.verbs.terminal import TerminalFace


class Asked(TerminalFace):
    """A terminal with somebody at it who gives one answer to everything."""

    def __init__(self, *, says: bool) -> None:
        super().__init__()
        self.says = says
        self.questions: list[str] = []

    def confirm(self, question: str) -> bool:
        self.questions.append(question)
        return self.says


def remove(session, face, *words):
    return VERB.execute(VERB.parse(VERB.parser("janus"), ["rm", *words]), session, face)


def test_a_person_is_asked_about_what_will_go_and_runs_say_what_went(tmp_path):
    notes = tmp_path / "notes"
    notes.mkdir()
    for n in range(6):
        (notes / f"{n}.txt").write_text(f"Note {n} is about the number {n}.")
    (tmp_path / ".janus").mkdir()
    unwilling, willing = Asked(says=False), Asked(says=True)
    with closing(Session(announce=print, home=tmp_path / ".janus", inline=True)) as session:
        session.lab().ingest(notes)
        with pytest.raises(NotFound):
            remove(session, unwilling, "nothing.txt")
        assert unwilling.questions == []
        assert remove(session, unwilling, "notes/") == Removal(0)
        assert len(session.lab().documents()) == 6
        assert remove(session, willing, "notes/0.txt") == Removal(1)
        assert remove(session, willing, "notes/") == Removal(5)
        shown = plain(Runs(session.lab().runs(limit=2)))
    names = ", ".join(f"notes/{n}.txt" for n in range(5))
    assert unwilling.questions == [f"Remove 6 documents of default from every store ({names} …)?"]
    assert willing.questions[0] == "Remove 1 document of default from every store (notes/0.txt)?"
    assert "5 documents: notes/" in shown
    assert "1 document: notes/0.txt" in shown
