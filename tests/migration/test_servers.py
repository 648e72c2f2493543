"""Embedded to servers and back."""

from __future__ import annotations

import pytest

from janus_lab import migrate, open_lab
from janus_lab.values.run import RunKind


@pytest.mark.slow
def test_there_and_back_gives_equal_stores(project, holdings, stack):
    home = project / ".janus"
    before = holdings("embedded")
    migrate("embedded", stack, home=home)
    there = holdings(stack)
    assert there.keys() == before.keys()
    for kind, held in before.items():
        if kind != "found":  # each engine ranks full text in its own way
            assert there[kind] == held, kind
    with open_lab(home, inline=True, profile=stack) as lab:
        answers = [lab.attach(run.id).answer() for run in lab.runs(kinds=[RunKind.ASK])]
        for answer in answers:
            for citation in answer.citations:
                assert answer.cite(citation.number).quote == citation.quote
    migrate(stack, "back", home=home)
    assert holdings("back") == before
