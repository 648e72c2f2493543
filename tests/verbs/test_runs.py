"""`janus runs prune`: what it takes, and what it leaves."""

from __future__ import annotations

from contextlib import closing

import pytest

from janus_lab.errors import UsageError, UserError
from janus_lab.values.ids import new_run_id
from janus_lab.values.run import Priority, Run, RunKind, RunState
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


def test_a_run_is_paused_and_resumed_by_its_beginning(tmp_path, capsys) -> None:
    (tmp_path / "note.txt").write_text("A pump.")
    with closing(Session(announce=print, home=tmp_path / "home", inline=True)) as session:
        lab = session.lab()
        lab.ingest(tmp_path / "note.txt")
        over = lab.runs()[0]
        with pytest.raises(UserError, match="nothing to pause"):
            run(session, "pause", over.id[:8])
        with pytest.raises(UserError, match="nothing to resume"):
            run(session, "resume", over.id[:8])
        waiting = Run(new_run_id(), RunKind.CHECK, RunState.QUEUED, Priority.BATCH, {"mend": False}, 1.0, cell="In [3]")
        lab._ledger.create(waiting)
        paused = run(session, "pause", waiting.id[:20])
        assert isinstance(paused, Run)
        assert "paused" in plain(paused)
        assert f"`janus runs resume {waiting.id[:12]}` goes on with it" in plain(paused)
        assert "In [3]" in plain(paused)
        assert run(session, "list", "--state", "paused") == [lab._ledger.get(waiting.id, brief=True)]
        ended = run(session, "resume", waiting.id[:20])
        assert isinstance(ended, Run)
        assert ended.state is RunState.DONE
