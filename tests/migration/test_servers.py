"""Embedded to servers and back."""

from __future__ import annotations

import time

import pytest

from janus_lab import migrate, open_lab
from janus_lab.errors import UserError
from janus_lab.values.health import Verdict
from janus_lab.values.run import RunKind

EMBEDDED = """
relational_url = "sqlite:///{home}/NAME/janus.db"
objects_url = "file://{home}/NAME/objects"
vectors_url = "edge://{home}/NAME/vectors"
graph_url = "sqlite:///{home}/NAME/graph.db"
"""


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
        assert [check for check in lab.doctor().checks if check.verdict is Verdict.FAILED] == []
        answers = [lab.attach(run.id).answer() for run in lab.runs(kinds=[RunKind.ASK])]
        for answer in answers:
            for citation in answer.citations:
                assert answer.cite(citation.number).quote == citation.quote
    migrate(stack, "back", home=home)
    assert holdings("back") == before


def test_a_worker_elsewhere_forbids_it(project, server_redis_url):
    (project / "janus.toml").write_text(
        f'[profiles.stack]\nredis_url = "{server_redis_url}"\n' + EMBEDDED.replace("NAME", "there")
    )
    (project / "janus.toml").chmod(0o600)
    home = project / ".janus"
    with open_lab(home, profile="stack") as lab:
        lab.up()
        deadline = time.monotonic() + 120
        while not lab.status().workers and time.monotonic() < deadline:
            time.sleep(0.1)
        try:
            with pytest.raises(UserError) as caught:
                migrate("embedded", "stack", home=home)
        finally:
            lab.down()
    assert "janus down" in caught.value.remedy
    assert migrate("embedded", "stack", home=home).amounts["documents"] > 0
