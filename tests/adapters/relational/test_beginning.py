"""Runs whose request names very many sources are listed without them."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from janus_lab.adapters.relational.beginning import LONGEST, first_members
from janus_lab.adapters.relational.ledger import open_ledger
from janus_lab.errors import NotFound
from janus_lab.values.run import Priority, Run, RunKind, RunState

ROWS = {
    "sqlite": lambda request: f"sqlite:///{request.getfixturevalue('tmp_path')}/janus.db",
    "postgresql": lambda request: request.getfixturevalue("ready_postgresql_url"),
}
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=5,
)


@pytest.fixture(params=ROWS)
def ledger(request):
    with open_ledger(ROWS[request.param](request)) as opened:
        yield opened


@given(st.dictionaries(st.text(max_size=5), VALUES, max_size=5), st.data())
def test_whatever_is_cut_off_only_whole_first_members_are_left(whole, data):
    written = json.dumps(whole)
    cut = data.draw(st.integers(min_value=1, max_value=len(written)))
    members = first_members(written[:cut])
    assert list(members.items()) == list(whole.items())[: len(members)]
    assert len(first_members(written)) == len(whole)


def test_a_number_that_is_cut_off_is_not_taken_for_a_shorter_one():
    for number in (12345, -1.25, 2.5e20, 1e-7):
        written = json.dumps({"a": 1, "b": number})
        for cut in range(len('{"a": 1, "b": '), len(written)):
            assert first_members(written[:cut]) == {"a": 1}
        assert first_members(written) == {"a": 1, "b": number}


def long_run(run_id: str, **changes) -> Run:
    request = {
        "sources": ["/data", "\0\ud800"],
        "collection": "c",
        "scanned": {"found": ["x" * 90] * 1000},
        "urls": False,
    }
    run = Run(run_id * 32, RunKind.INGEST, RunState.QUEUED, Priority.BATCH, request, 1.0)
    return replace(run, **changes)


def test_a_long_request_is_told_in_brief_by_its_first_members(ledger):
    run = long_run("a", result={"embedded": 7, "seconds": 0.5, "outcomes": ["y" * 90] * 1000})
    ledger.create(run)
    ledger.create(long_run("b", parent=run.id, created_at=2.0))
    brief = replace(
        run,
        request={"sources": ["/data", "\0\ud800"], "collection": "c"},
        result={"embedded": 7, "seconds": 0.5},
    )
    assert ledger.find(brief=True) == [brief]
    assert ledger.get("aaaa", brief=True) == brief
    assert [r.request for r in ledger.find(parent=run.id, brief=True)] == [brief.request]
    assert ledger.find() == [ledger.get(run.id)] == [run]


def test_a_short_request_is_told_whole_even_in_brief(ledger):
    for number, length in enumerate(range(LONGEST - 20, LONGEST)):
        short = long_run("abcdefghijklmnopqrst"[number], request={"q": "x" * length})
        ledger.create(short)
        told = ledger.get(short.id, brief=True)
        assert told == (short if len(json.dumps(short.request)) <= LONGEST else replace(short, request={})), length
    assert told.result is None
    with pytest.raises(NotFound):
        ledger.get("none", brief=True)
