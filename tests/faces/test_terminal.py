"""`janus` from ingest to cited answer, as processes on a real engine room."""

import json
import os
import pty
import signal
import time
from contextlib import contextmanager, suppress

import pytest
from slow_speaker import SECONDS
from waiting import until

from janus_lab import open_lab
from janus_lab.values.lease import CPU, GrantState, LeaseRequest
from janus_lab.values.run import Priority, RunState

pytestmark = pytest.mark.timeout(900)
QUESTION = "What was the total budget of the station for 2024?"


def test_ingesting_again_changes_nothing(terminal, corpus):
    report = terminal.json("ingest", str(corpus))
    assert report["unchanged"] > 10
    assert (report["added"], report["changed"], report["failed"]) == (0, 0, 0)
    plan = terminal.json("ingest", "--dry-run", str(corpus))
    assert plan["files"] == plan["unchanged"]


def test_an_answer_streams_and_ends_with_checked_citations(terminal):
    out = terminal("ask", QUESTION)
    assert "1,284,000 euros" in out
    assert "[1] " in out
    assert "annual-report-2024.pdf" in out
    assert ", p. " in out


def test_an_answer_as_json_holds_exact_quotes(terminal):
    answer = terminal.json("ask", *QUESTION.split())
    assert answer["outcome"] in ("generated", "extractive")
    assert answer["citations"]
    assert all(c["end"] - c["start"] == len(c["quote"]) for c in answer["citations"])
    assert "draft" in answer
    run = terminal.json("runs", "show", answer["run_id"][:16])
    assert run["state"] == "done"
    assert terminal.json("runs", "follow", run["id"])["text"] == answer["text"]


def test_a_question_may_come_from_standard_input_quietly(terminal):
    out = terminal("ask", "-q", "-", stdin=QUESTION)
    assert "1,284,000" in out
    assert "Checked against" not in out


def test_search_and_conditions(terminal):
    result = terminal.json("search", "-k", "3", "Kestrel-4", "lidar", "coolant")
    assert len(result["hits"]) == 3
    assert "lidar" in result["hits"][0]["origin"]
    assert result["hits"][0]["retrievers"]
    assert terminal.json("search", "--where", "no.such.field=1", "lidar")["hits"] == []


def test_lists_of_queries_make_a_trec_run(terminal, tmp_path):
    queries, run = tmp_path / "queries.jsonl", tmp_path / "out.trec"
    lines = [{"id": "q1", "query": QUESTION}, {"id": "q2", "question": "Why did the Kestrel-4 lidar fail?"}]
    queries.write_text("\n".join(json.dumps(line) for line in lines))
    terminal("search", "--queries", str(queries), "--run", str(run), "-k", "5")
    rows = [line.split() for line in run.read_text().splitlines()]
    for name, expected in (("q1", "annual-report-2024.pdf"), ("q2", "lidar-failure.docx")):
        mine = [row for row in rows if row[0] == name]
        assert [int(row[3]) for row in mine] == list(range(1, len(mine) + 1))
        assert len({row[2] for row in mine}) == len(mine) <= 5
        assert [float(row[4]) for row in mine] == sorted((float(row[4]) for row in mine), reverse=True)
        assert expected in "".join(row[2] for row in mine[:2])


def test_lists_of_questions_are_answered_into_a_file(terminal, tmp_path):
    questions, out = tmp_path / "questions.jsonl", tmp_path / "answers.jsonl"
    questions.write_text(json.dumps({"id": "a", "question": QUESTION}) + "\n" + json.dumps({"question": "Who won?"}))
    said = terminal("ask", "--questions", str(questions), "--out", str(out))
    answers = [json.loads(line) for line in out.read_text().splitlines()]
    assert [a["id"] for a in answers] == ["a", "2"]
    assert "1,284,000" in answers[0]["text"]
    assert said.startswith("2 questions")


def test_documents_are_listed_shown_found_and_removed(terminal, tmp_path):
    file = tmp_path / "walrus.md"
    file.write_text("# Walrus\n\nThe walrus Ottokar weighs 1,213 kilograms.\n")
    terminal("ingest", "-c", "zoo", str(file))
    [document] = terminal.json("docs", "-c", "zoo")
    assert document["title"] == "Walrus"
    assert terminal.json("docs", "find", "-c", "zoo", "Ottokar")[0]["id"] == document["id"]
    assert "Walrus" in terminal("docs", "show", document["id"][:10])
    assert terminal.json("docs", "rm", "--yes", document["id"]) == {"documents": 1}
    assert terminal.json("docs", "-c", "zoo") == []
    assert terminal.json("search", "-c", "zoo", "walrus")["hits"] == []
    terminal("docs", "show", document["id"], code=1)


def test_a_file_that_is_not_there_is_one_clear_error(terminal):
    process = terminal.start("ingest", "/no/such/folder")
    out, err = process.communicate(timeout=120)
    assert (process.returncode, out) == (1, "")
    assert err.splitlines()[0].startswith("not-found: ")


def interrupted(terminal, *words):
    """Start `janus` before a person, wait for the first streamed words, press Ctrl-C once."""
    leader, follower = pty.openpty()
    process = terminal.start(*words, stdout=follower)
    os.close(follower)
    out = os.read(leader, 1)
    start = time.monotonic()
    process.send_signal(signal.SIGINT)
    with suppress(OSError):  # a terminal that nobody has open any more
        while more := os.read(leader, 4096):
            out += more
    os.close(leader)
    err = process.communicate(timeout=120)[1]
    assert time.monotonic() - start < SECONDS / 2
    return out.decode(), err, process.returncode


def test_ctrl_c_keeps_the_partial_answer(terminal, slow_model):
    question = "Describe how the Kestrel-4 lidar measures the wind, in detail."
    out, err, code = interrupted(terminal, "ask", "--model", slow_model, question)
    assert code == 130, err
    assert "Stopped" in out
    assert "Traceback" not in err
    newest = terminal.json("runs", "-n", "1")[0]
    assert newest["state"] == RunState.CANCELLED


def test_status_doctor_and_the_process_tree(terminal):
    terminal("up")
    status = terminal.json("status")
    assert status["running"]
    assert status["documents"] > 10
    assert "running since" in terminal("status")
    report = terminal.json("doctor")
    assert {check["verdict"] for check in report["checks"]} <= {"ok", "warning"}


@contextmanager
def every_thread_leased(lab):
    """Nothing that computes is granted a lease meanwhile; yields what tells the runs that wait for one."""
    leases, machine = lab._room.link(print).leases, lab.settings.machine_name
    until(lambda: CPU in leases.book(machine).resources)
    threads = leases.book(machine).resources[CPU].capacity.budget
    wanted = LeaseRequest("every-thread", {CPU: threads}, Priority.INTERACTIVE, "somebody", "a test", pid=os.getpid())
    try:
        until(lambda: leases.request(machine, wanted, 900).state is GrantState.GRANTED)
        yield lambda: {each.request.run_id for each in leases.book(machine).waiting}
    finally:
        leases.withdraw(machine, wanted.id)


def test_an_interrupted_ingest_goes_on_with_a_retry(terminal, tmp_path):
    for number in range(400):
        (tmp_path / f"{number}.md").write_text(f"# Note {number}\n\nThe number of this note is {number}.\n")
    with open_lab(terminal.home) as lab, every_thread_leased(lab) as waiting:
        # What embeds has to wait, so that the ingest is at work, and not over, when the interrupt comes.
        process = terminal.start("ingest", "-c", "notes", str(tmp_path))
        until(lambda: {run.id for run in lab.runs(states=[RunState.RUNNING])} & waiting())
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=120)
    assert (process.returncode, out) == (130, "")
    assert err.startswith("run-cancelled: ")
    newest = terminal.json("runs", "-n", "1")[0]
    assert newest["state"] == "cancelled"
    report = terminal.json("runs", "retry", newest["id"][:16])
    assert report["added"] + report["unchanged"] == 400
    assert len(terminal.json("docs", "-c", "notes")) == 400
