"""Values as text: complete, and harmless to a terminal."""

import time
from dataclasses import replace

import pytest

from janus_lab.values.answer import Answer, Citation, Outcome, Sentence
from janus_lab.values.health import EngineRoomStatus
from janus_lab.values.hit import SearchResult
from janus_lab.values.index_generation import ReindexReport
from janus_lab.values.ingest import FileOutcome, FileState, IngestReport, Progress
from janus_lab.values.run import Priority, Run, RunKind, RunState
from janus_lab.values.size import size
from janus_lab.verbs.plain import plain
from janus_lab.verbs.plain.amounts import duration, moment
from janus_lab.verbs.plain.documents import progress
from janus_lab.verbs.plain.engine_room import subject
from janus_lab.verbs.plain.printable import one_line, printable

HOSTILE = "\x1b]0;owned\x07\x1b[2J\x9b31mred\u202egnp.exe\r\x00"


def answer(text="Lima is old. It is big.", outcome=Outcome.GENERATED, **changes):
    cited = Citation(1, "d", "v", "c", "Cities" + HOSTILE, "cities.pdf", 2, 0, 12, "Lima is old" + HOSTILE)
    sentences = (Sentence("Lima is old.", 0, 12, (1,), True), Sentence("It is big.", 13, 23, (), False))
    fields = {"question": "?", "text": text, "outcome": outcome, "sentences": sentences, "citations": (cited,)}
    return Answer(**(fields | {"hits": (), "run_id": "0199", "timings": {"search": 0.5}, "notes": ("slow",)} | changes))


def test_control_characters_never_reach_a_terminal():
    text = plain(answer())
    assert not set(text) & set("\x1b\x07\x9b\u202e\x00\r")
    assert printable("a\r\nb\rc\td") == "a\nb\nc\td"
    assert one_line("a\n b  c", 4) == "a b…"


def test_an_answer_shows_marks_citations_and_notes():
    text = plain(answer())
    assert text.startswith("Lima is old. [1] It is big. [unsupported]")
    assert "p. 2 (cities.pdf)" in text
    assert "“Lima is old" in text
    assert "note: slow" in text
    assert "model:" not in text


def test_an_answer_names_the_model_that_wrote_it():
    assert "\nmodel: big model\nnote: slow" in plain(answer(model="big\n model"))


def test_numbers_that_stand_in_the_text_are_not_repeated():
    value = answer("Lima is old [1].", sentences=(Sentence("Lima is old [1].", 0, 16, (1,), True),))
    assert plain(value).startswith("Lima is old [1].\n")


@pytest.mark.parametrize(
    ("outcome", "words"),
    [(Outcome.EXTRACTIVE, "Quoted from"), (Outcome.CANCELLED, "Stopped"), (Outcome.REFUSED, "do not answer")],
)
def test_an_outcome_that_is_not_plain_sailing_is_named(outcome, words):
    assert words in plain(answer("" if outcome is Outcome.REFUSED else "Lima is old.", outcome, sentences=()))


def test_a_search_that_found_nothing_says_why():
    assert plain(SearchResult("x", (), "r", {})) == "Nothing found for “x”."
    assert plain(SearchResult("x", (), "r", {}, ("it is empty",))) == "Nothing found for “x”.\nnote: it is empty"


def test_a_report_lists_failures_with_their_remedies():
    bad = FileOutcome(
        "x.pdf", FileState.FAILED, code="unreadable-file", message="is encrypted", remedy="remove the password"
    )
    text = plain(IngestReport("r", "c", 1, 0, 2, 0, 1, 1, 3, 3, 0.5, (bad,)))
    assert text.startswith("1 added, 2 unchanged, 1 failed in 500 ms: 1 document, 3 chunks")
    assert "failed: x.pdf: is encrypted (remove the password)" in text
    assert plain(IngestReport("r", "c", 0, 0, 2, 0, 0, 0, 0, 0, 0.5)) == "2 unchanged in 500 ms"


def test_amounts():
    assert [duration(s) for s in (None, 0.0004, 0.421, 59.4, 185, 7800)] == [
        "–",
        "0.4 ms",
        "421 ms",
        "59 s",
        "3 min 05 s",
        "2 h 10 min",
    ]
    assert [size(n) for n in (999, 1500, 2_500_000, 25 << 30)] == ["999 B", "1 KiB", "2 MiB", "25.0 GiB"]
    assert moment(0).startswith(time.strftime("%Y", time.localtime(0)))
    assert progress(Progress(1, 4, 30, 12.4, 65.0)) == "1/4 files · 30 chunks · 12 chunks/s · 1 min 05 s left"


def test_a_room_shows_its_server_whether_or_not_it_is_a_process_of_ours():
    own = EngineRoomStatus(running=True, home="/h", profile="embedded", server_pid=7, server_version="valkey 8.1")
    servers = replace(own, profile="stack", server_pid=None, server_version="redis 7.2")
    none = replace(servers, server_version="")
    shown = [
        next(line for line in plain(room).splitlines() if line.startswith("server")) for room in (own, servers, none)
    ]
    assert [line.split(maxsplit=1)[1] for line in shown] == ["pid 7 valkey 8.1", "redis 7.2", "–"]
    assert ["clients" in plain(room) for room in (own, servers)] == [True, False]


def test_a_room_in_trouble_says_so():
    room = EngineRoomStatus(running=False, home="/h", profile="stack", failure="no server answers at redis://h\x1b[2J")
    assert "trouble      no server answers at redis://h" in plain(room)
    assert "trouble" not in plain(replace(room, failure=""))


def test_a_room_whose_workers_are_elsewhere_runs_since_nobody_knows_when():
    assert plain(EngineRoomStatus(running=True, home="/h", profile="stack")).splitlines()[0] == "engine room  running"


def test_a_reindex_says_whose_index_serves_now():
    report = ReindexReport("r", "notes", 2, "e5", "minilm", 1200, 1200, 61.0)
    assert (
        plain(report)
        == "Collection notes is indexed by e5 now, no longer by minilm (1,200 chunks, generation 2, 1 min 01 s)."
    )
    assert "no longer" not in plain(replace(report, before=""))
    assert "\x1b" not in plain(replace(report, model="e5\x1b[2J"))


@pytest.mark.parametrize(
    ("request_", "what"),
    [
        ({"name": "big", "task": "generation"}, "big"),
        ({"uri": "hf://o/r/m.gguf", "name": ""}, "hf://o/r/m.gguf"),
        ({"collection": "towns", "model": "e5"}, "towns, by e5"),
        ({"collection": "towns", "model": ""}, "towns"),
        ({}, ""),
    ],
)
def test_a_run_on_models_and_indexes_is_told_by_what_it_is_on(request_, what):
    run = Run("r" * 32, RunKind.LOAD, RunState.DONE, Priority.AGENT, request_, 1.0)
    assert subject(run) == what
