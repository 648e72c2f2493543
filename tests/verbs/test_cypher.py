"""The verb `cypher`: its options, and what it says where there is no Neo4j."""

from __future__ import annotations

import pytest

from janus_lab import open_lab
from janus_lab.errors import UsageError, UserError
from janus_lab.verbs.cypher import VERB
from janus_lab.verbs.listings import Rows
from janus_lab.verbs.plain import plain
from janus_magics.render import html

ROWS = Rows([{"name": "<script>", "n": 1, "list": ["a", {"b": None}]}, {"name": "\x1b[31mred", "n": 2.5, "list": []}])


def test_parameters_are_json_or_text():
    parser = VERB.parser("janus")
    args = VERB.parse(parser, ["-p", "n=3", "-p", "name=Ada", "--parameter", 'list=["x", 1]', "--limit", "5"])
    assert dict(args.parameters) == {"n": 3, "name": "Ada", "list": ["x", 1]}
    assert (args.write, args.limit) == (False, 5)
    with pytest.raises(UsageError):
        VERB.parse(parser, ["-p", "nothing"])


def test_the_embedded_graph_says_what_cypher_needs(tmp_path):
    with open_lab(tmp_path / ".janus", inline=True) as lab:
        assert not (tmp_path / ".janus" / "graph.db").exists()
        with pytest.raises(UserError) as raised:
            lab.cypher("MATCH (n) RETURN n")
        assert "graph_url" in raised.value.remedy
        assert lab.graph is lab.graph
        assert lab.graph.totals() == {}


def test_rows_in_a_terminal():
    assert plain(ROWS).splitlines() == [
        "name      n    list",
        '<script>  1    ["a", {"b": null}]',
        "[31mred   2.5  []",
    ]
    assert plain(Rows()) == "no rows"


def test_rows_in_a_notebook_are_escaped():
    shown = html(ROWS)
    assert "<script>" not in shown
    assert "&lt;script&gt;" in shown
    assert "No rows" in html(Rows())
