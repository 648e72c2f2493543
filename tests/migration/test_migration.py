"""A whole deployment is carried over, or nothing is claimed."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time

import pytest

from janus_lab import migrate, open_lab
from janus_lab.cli import main
from janus_lab.compose.migrating import plan_migration
from janus_lab.errors import SettingsError, StoreFailed, UserError
from janus_lab.migration.marker import marker_file
from janus_lab.values.run import Priority, Run, RunKind, RunState
from janus_lab.verbs.migrate import VERB
from janus_lab.verbs.session import Session
from janus_lab.verbs.terminal import TerminalFace

KILLED = """
import os, signal, sys, threading
from janus_lab import migrate
delay = float(sys.argv[2])
die = lambda: os.kill(os.getpid(), signal.SIGKILL)
timer = threading.Timer(delay, die)
migrate("embedded", "other", home=sys.argv[1], tell=lambda *_: timer.ident or (timer.start() if delay else die()))
timer.cancel()
"""


def test_everything_arrives_and_the_source_stays_as_it_was(project, holdings):
    before = holdings("embedded")
    assert len(before["documents"]) > 10
    assert before["graph"]["default"]
    told = []
    report = migrate("embedded", "other", home=project / ".janus", tell=lambda *facts: told.append(facts))
    assert holdings("other") == before
    assert holdings("embedded") == before
    assert (report.forgotten, report.damaged) == ((), ())
    assert report.amounts["documents"] == len(before["documents"])
    assert {kind for kind, _, _ in told} >= {"objects", "vectors", "graph"}
    assert all(0 <= done <= total for _, done, total in told)
    assert {kind: done == total for kind, done, total in told}.keys() == {kind for kind, d, t in told if d == t}
    assert not marker_file(project / ".janus").exists()


def test_work_goes_on_in_the_target(project):
    home = project / ".janus"
    migrate("embedded", "other", home=home)
    with open_lab(home, inline=True, profile="other") as lab:
        report = lab.ingest(project / "corpus")
        assert (report.added, report.changed, report.embedded) == (0, 0, 0)
        asked = [lab.attach(run.id).answer() for run in lab.runs(kinds=[RunKind.ASK])]
        cited = [answer for answer in asked if answer.citations]
        assert cited
        for answer in cited:
            for citation in answer.citations:
                assert answer.cite(citation.number).quote == citation.quote
        assert "15 metres" in lab.search("gauge of Lund", collection="notes").hits[0].chunk.text
        assert lab.check()["missing_vectors"] == 0


def test_a_target_with_data_is_refused(project, holdings):
    migrate("embedded", "other", home=project / ".janus")
    before = holdings("other")
    with pytest.raises(SettingsError, match="holds data already"):
        migrate("embedded", "other", home=project / ".janus")
    assert holdings("other") == before


def test_killed_anywhere_and_begun_again_it_ends_in_the_same(project, holdings):
    home = project / ".janus"
    before = holdings("embedded")
    started = time.monotonic()
    migrate("embedded", "back", home=home)
    usual = time.monotonic() - started
    chance = random.Random(time.time_ns())
    interrupted = 0
    while interrupted < 6:
        # The first one dies at its first word: however long it usually takes, it is not over before.
        delay = chance.random() * usual / 4 if interrupted else 0.0
        command = [sys.executable, "-c", KILLED, str(home), str(delay)]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=240)
        if done.returncode == 0:
            break
        if interrupted and "holds data already" in done.stderr and not marker_file(home).exists():
            break  # the kill before came when the migration had just ended
        assert done.returncode == -signal.SIGKILL, done.stderr
        interrupted += 1
        if marker_file(home).exists():
            with pytest.raises(SettingsError, match="has not ended"):
                open_lab(home, profile="other")
    assert interrupted
    if marker_file(home).exists():
        migrate("embedded", "other", home=home)
    assert holdings("other") == holdings("back") == before


@pytest.mark.parametrize("point", ["rows", "objects", "vectors", "graph"])
def test_interrupted_within_each_store_it_goes_on(project, holdings, point):
    def fail(kind: str, done: int, total: int) -> None:
        if kind == point or (point == "rows" and kind not in ("objects", "vectors", "graph")):
            raise KeyboardInterrupt

    home = project / ".janus"
    with pytest.raises(KeyboardInterrupt):
        migrate("embedded", "other", home=home, tell=fail)
    with pytest.raises(SettingsError, match="has not ended"):
        migrate("embedded", "back", home=home)
    assert plan_migration("embedded", "other", home=home).resumes
    migrate("embedded", "other", home=home)
    assert holdings("other") == holdings("embedded")


def test_a_source_that_changed_between_attempts_is_refused(project):
    home = project / ".janus"

    def fail(kind: str, _done: int, _total: int) -> None:
        if kind == "objects":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        migrate("embedded", "other", home=home, tell=fail)
    with open_lab(home, inline=True) as lab:
        lab.search("gauge")
    with pytest.raises(SettingsError, match="has changed"):
        migrate("embedded", "other", home=home)


def test_missing_embeddings_are_told_and_made_by_the_next_ingest(project, opened_side):
    with opened_side("embedded") as side:
        (document,) = side.documents.iterate("notes")
        side.vectors.delete("notes", side.chunk_ids([document]))
    report = migrate("embedded", "other", home=project / ".janus")
    assert report.forgotten == (document.origin,)
    with open_lab(project / ".janus", inline=True, profile="other") as lab:
        assert lab.ingest(project / "note #1.txt", collection="notes").embedded == 1
        assert lab.ingest(project / "corpus").embedded == 0
        assert lab.check()["missing_vectors"] == 0


def test_a_damaged_original_is_told_and_left_behind(project):
    file = next(path for path in (project / ".janus" / "objects").rglob("*") if path.is_file())
    file.chmod(0o600)
    file.write_bytes(b"rotten")
    report = migrate("embedded", "other", home=project / ".janus")
    assert report.damaged == (file.parent.name + file.name,)


def test_nobody_may_work_meanwhile(project, opened_side):
    home = project / ".janus"
    run = Run("0199aaaa", RunKind.INGEST, RunState.QUEUED, Priority.BATCH, {}, time.time())
    with open_lab(home) as lab:
        lab.up()
        try:
            with pytest.raises(UserError) as caught:
                migrate("embedded", "other", home=home)
            assert "janus down" in caught.value.remedy
        finally:
            lab.down()
    with opened_side("embedded") as side:
        side.ledger.create(run)
    with pytest.raises(UserError, match="is open"):
        migrate("embedded", "other", home=home)


def test_a_difference_is_not_passed_over(project, opened_side):
    home = project / ".janus"

    def meddle(kind: str, done: int, total: int) -> None:
        if kind == "graph" and done == total:
            (next(path for path in (home / "other" / "objects").rglob("*") if path.is_file())).unlink()

    with pytest.raises(StoreFailed, match=r"objects: \d missing"):
        migrate("embedded", "other", home=home, tell=meddle)
    assert marker_file(home).exists()
    migrate("embedded", "other", home=home)


def test_profiles_that_share_a_store_are_refused(project):
    (project / "janus.toml").write_text('[profiles.half]\nobjects_url = "file://{home}/elsewhere"\n')
    with pytest.raises(UserError, match="share relational_url, vectors_url, graph_url"):
        migrate("embedded", "half", home=project / ".janus")


def test_the_verb_says_how_much_how_far_and_what_next(project, capsys):
    words = ["--home", str(project / ".janus"), "migrate", "embedded", "other"]
    assert main([*words, "--dry-run"]) == 0
    told = capsys.readouterr().out
    assert "documents" in told
    assert not (project / ".janus" / "other" / "objects").exists() or not marker_file(project / ".janus").exists()
    assert main(words) == 0
    captured = capsys.readouterr()
    assert "janus use other --save" in captured.out
    assert "vectors: " in captured.err
    assert main(words) == 1
    assert "holds data already" in capsys.readouterr().err


def test_whoever_interrupts_is_told_that_nothing_is_lost(project, capsys):
    class Impatient(TerminalFace):
        def say(self, line: str) -> None:
            super().say(line)
            if line.startswith("objects"):
                raise KeyboardInterrupt

    face = Impatient()
    session = Session(announce=face.say, home=project / ".janus")
    with pytest.raises(KeyboardInterrupt):
        VERB.execute(VERB.parse(VERB.parser("janus"), ["embedded", "other"]), session, face)
    assert "the same command goes on" in capsys.readouterr().err
