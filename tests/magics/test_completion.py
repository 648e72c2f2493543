"""Completion from what is known here."""

import pytest

from janus_lab.verbs.table import VERBS
from janus_magics.completion import JanusCompletion, paths


@pytest.fixture
def complete():
    completion = JanusCompletion(VERBS, lambda: ["papers", "my notes"], lambda: ["smol", "e5"])
    return lambda line: completion.complete(line)


@pytest.mark.parametrize(
    ("line", "word", "expected"),
    [
        ("%janus a", "a", ["ask"]),
        ("x = %janus se", "se", ["search", "serve"]),
        ("%%janus as", "as", ["ask"]),
        ("%janus help in", "in", ["ingest", "init"]),
        ("%janus docs ", "", ["list", "find", "show", "rm"]),
        ("%janus docs rm --y", "--y", ["--yes"]),
        ("%janus ask -c pa", "pa", ["papers"]),
        ("%janus ask --collection ", "", ["papers", '"my notes"']),
        ("%janus ask --wh", "--wh", ["--where"]),
        ("%janus runs --state ca", "ca", ["cancelled"]),
        ("%janus models fit s", "s", ["smol"]),
        ("%janus models use smol ", "", ["smol", "e5"]),
        ("%janus models add s", "s", []),
        ("%janus ask --model ", "", ["smol", "e5"]),
        ("%janus models add x --model ", "", []),
        ("%janus use ", "", ["embedded", "stack"]),
        ("%janus nothing x", "x", []),
        ("%janus ask wha", "wha", []),
    ],
)
def test_candidates(complete, line, word, expected):
    assert complete(line) == (word, expected)


@pytest.mark.parametrize("line", ["%other a", "x = 3", "janus a", "print('%janus a')", "%janusx a"])
def test_other_lines_are_left_alone(complete, line):
    assert complete(line) is None


def test_paths(complete, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "papers").mkdir()
    (tmp_path / "papers" / "a.pdf").touch()
    (tmp_path / "page.md").touch()
    (tmp_path / ".hidden").touch()
    assert complete("%janus ingest pa") == ("pa", ["page.md", "papers/"])
    assert complete("%janus ingest papers/") == ("papers/", ["papers/a.pdf"])
    assert complete("%janus ask --out pap") == ("pap", ["papers/"])
    assert paths(".h") == [".hidden"]
    assert paths("none/x") == []
