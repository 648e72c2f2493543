"""`janus runs prune`: what it takes, and what it leaves."""

from __future__ import annotations

from contextlib import closing

import pytest

from janus_lab.errors import UsageError
from janus_lab.verbs.face import Face
from janus_lab.verbs.listings import Pruned
from janus_lab.verbs.plain import plain
from janus_lab.verbs.runs import VERB
from janus_lab.verbs.session import Session
from janus_lab.verbs.terminal import TerminalFace


def run(session: Session, *words: str) -> object:
    face: Face = TerminalFace()
    return VERB.execute(VERB.parse(VERB.parser("janus"), list(words)), session, face)


def test_old_runs_are_forgotten_and_no_others(tmp_path) -> None:
    (tmp_path / "note.txt").write_text("A pump.")
    with closing(Session(announce=print, home=tmp_path / "home", inline=True)) as session:
        session.lab().ingest(tmp_path / "note.txt")
        session.lab().search("pump")
        assert run(session, "prune") == Pruned(0)
        assert run(session, "prune", "--older-than", "1h", "--kind", "search") == Pruned(0)
        assert run(session, "prune", "--older-than", "0m", "--kind", "search", "--kind", "chat") == Pruned(1)
        assert [found.kind for found in session.lab().runs()] == ["ingest"]
        assert len(session.lab().documents()) == 1


@pytest.mark.parametrize("age", ["30", "d", "-1d", "1.5d", "1w", "٣d", ""])
def test_an_age_that_is_none_is_refused(age) -> None:
    with pytest.raises(UsageError):
        VERB.parse(VERB.parser("janus"), ["prune", f"--older-than={age}"])


def test_the_number_is_told() -> None:
    assert plain(Pruned(1)) == "Forgot 1 run."
    assert plain(Pruned(0)) == "No run is so old."
