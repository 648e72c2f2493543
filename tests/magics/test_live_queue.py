"""The live queue without a browser: what it sends and when, what a person's acts do, and what stands where no widget is drawn."""

from __future__ import annotations

import json
import re
import time
from dataclasses import replace

import pytest

from janus_lab import open_lab
from janus_lab.errors import UserError
from janus_lab.values.queue import DeadLetter, QueueLength
from janus_lab.values.run import Priority, Run, RunError, RunKind, RunState, Step
from janus_lab.values.work_queue import OpenedRun, QueuedRun, WorkQueue
from janus_magics import live_queue
from janus_magics.widgets.attention import Attention
from janus_magics.widgets.queue_view import ALL_AGAIN_SECONDS, QueueView
from janus_magics.widgets.queue_wire import rows, sections

EVIL = "<script>alert(1)</script>\x1b[31m\u202e"
RUN = Run("a" * 32, RunKind.INGEST, RunState.RUNNING, Priority.BATCH, {"sources": [EVIL]}, 1.0, attempts=1, cell=EVIL)
FAILED = replace(
    RUN, id="b" * 32, state=RunState.FAILED, finished_at=9.0, error=RunError("disk-full", EVIL, "free some")
)
FULL = WorkQueue(
    10.0,
    (QueueLength("batch", 1, 0, 1, 1),),
    (QueuedRun(RUN, held=True, progress={"files_done": 1, "files_total": 4}), QueuedRun(FAILED)),
    (DeadLetter("3f2a", "batch", "", EVIL, 1.0),),
    OpenedRun(
        RUN, 1, (Step(RUN.id, EVIL, {"chunks": 3}, 2.0),), (QueuedRun(replace(RUN, id="c" * 32, parent=RUN.id)),)
    ),
    EVIL,
)


@pytest.fixture
def view():
    """A view of a queue; `sent` notes its messages, `woken` how often it wanted the next one, `done` what was acted."""
    woken, done = [], []

    def pause(run_id):
        if done:
            raise UserError("there is nothing to pause", remedy="name another")
        done.append(run_id)
        return "it rests"

    made = QueueView(FULL, attention=Attention(lambda: False), wake=lambda: woken.append(1), acts={"pause": pause})
    made.woken, made.sent, made.done = woken, [], done
    made.send = made.sent.append
    yield made
    made.close()


def hear(view, **content):
    view._handle_custom_msg({"browser": "one", **content}, [])


def test_only_what_has_changed_is_sent(view):
    hear(view, kind="look")
    view.show(FULL)
    view.sent.clear()
    view.show(replace(FULL, at=11.0))
    assert view.sent == [{"kind": "queue", "at": 11.0, "sections": {}, "rows": {}}]
    further = replace(FULL.runs[0], progress={"files_done": 2, "files_total": 4})
    view.show(replace(FULL, runs=(further, FULL.runs[1]), parked=()))
    assert set(view.sent[-1]["sections"]) == {"parked"}
    assert set(view.sent[-1]["rows"]) == {RUN.id}
    assert view.sent[-1]["rows"][RUN.id]["share"] == 0.5
    assert len(json.dumps(view.sent[-1])) < 800


def test_a_browser_that_comes_or_missed_something_is_told_everything(view, monkeypatch):
    hear(view, kind="look")
    view.show(FULL)
    assert set(view.sent[-1]["rows"]) == {RUN.id, FAILED.id}, "new to it"
    view.show(FULL)
    assert view.sent[-1]["rows"] == {}
    hear(view, kind="look", fresh=True)
    view.show(FULL)
    assert set(view.sent[-1]["sections"]) == set(sections(FULL))
    later = time.monotonic() + ALL_AGAIN_SECONDS + 1
    monkeypatch.setattr(time, "monotonic", lambda: later)
    view.show(FULL)
    assert set(view.sent[-1]["rows"]) == {RUN.id, FAILED.id}


def test_nothing_is_wanted_while_nobody_looks_and_more_at_once_after_an_act(view):
    hear(view, kind="look")
    view.show(FULL)
    assert view.wanted() == (None, 1.0)
    view.opened = RUN.id
    run_id, seconds = view.wanted()
    assert (run_id, seconds < 0.2) == (RUN.id, True)
    view.show(FULL)
    hear(view, kind="away")
    assert view.wanted() is None


def test_an_act_is_done_and_told_and_so_is_why_it_was_not(view):
    hear(view, kind="act", act="pause", id=RUN.id)
    assert view.done == [RUN.id]
    assert (view.sent[-1]["text"], view.sent[-1]["good"]) == ("it rests", True)
    hear(view, kind="act", act="pause", id=RUN.id)
    told = view.sent[-1]
    assert (told["good"], told["text"], told["remedy"]) == (False, "there is nothing to pause", "name another")
    count = len(view.sent)
    hear(view, kind="act", act="__class__", id=RUN.id)
    hear(view, kind="nonsense")
    assert len(view.sent) == count


def test_texts_are_fit_to_be_shown_and_the_fallback_is_escaped(view):
    told = json.dumps([sections(FULL), rows(FULL)], ensure_ascii=False)
    assert not set(told) & set("\x1b\u202e")
    data, _metadata = view._repr_mimebundle_()
    assert {"text/html", "text/plain", "application/vnd.jupyter.widget-view+json"} <= set(data)
    assert "<script" not in data["text/html"]
    assert "3 chunks" in data["text/plain"]
    assert not re.search(r"https?://(?!www\.w3\.org/2000/svg)|innerHTML|eval\(", view._esm + view._css)


def test_a_labs_queue_goes_on_until_the_lab_is_closed_and_acts_on_its_runs(tmp_path):
    with open_lab(tmp_path, inline=True) as lab:
        lab._ledger.create(replace(RUN, state=RunState.QUEUED))
        view = live_queue(lab)
        heard = []
        view.send = heard.append
        hear(view, kind="act", act="pause", id=RUN.id)
        assert lab.run(RUN.id).state is RunState.PAUSED
        deadline = time.monotonic() + 60
        while not any(each.get("rows", {}).get(RUN.id, {}).get("phase") == "paused" for each in heard):
            assert time.monotonic() < deadline
            time.sleep(0.02)
        hear(view, kind="act", act="retry", id=RUN.id)
        assert not [each for each in heard if each["kind"] == "acted"][-1]["good"]
        assert not lab.queues.feed.resting
    assert view.over
    assert lab.queues.feed.displays() == []
    assert lab.queues.feed.resting
    view.close()
