"""What the README tells people to type exists, and what the documents link to is there."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest

from janus_lab.cli.main import _add_general, _leading_options
from janus_lab.verbs.table import VERBS
from janus_lab.verbs.text import gather_options

ROOT = Path(__file__).parents[2]
DOCUMENTS = [
    path
    for path in (*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md"), ROOT / "samples" / "README.md")
    if path.is_file()
]


def commands(text: str, first: str) -> Iterator[str]:
    """What follows `first` on a line of a code block."""
    for block in re.findall(r"```\w*\n(.*?)```", text, re.DOTALL):
        for line in block.splitlines():
            if line.startswith(f"{first} "):
                yield line.removeprefix(f"{first} ").partition("  #")[0].strip()


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_make_targets_exist(path: Path) -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    text = path.read_text(encoding="utf-8")
    named = {line.split()[0] for line in commands(text, "make")} | set(re.findall(r"`make ([a-z]+)", text))
    assert named <= targets


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_janus_commands_parse(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    for line in [*commands(text, "janus"), *commands(text, "%janus"), *commands(text, "%%janus")]:
        name, *words = _leading_options(shlex.split(line))[1]
        verb = VERBS[name]
        parser = verb.parser("janus")
        _add_general(parser)
        parser.add_argument("-o", dest="variable")  # the notebook's own option
        verb.parse(parser, gather_options(parser, words)[0] if verb.text else words)


def test_the_readme_shows_every_way_in() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert {"demo", "test", "lab"} <= {line.split()[0] for line in commands(text, "make")}
    assert len(list(commands(text, "janus"))) > 5
    assert len(list(commands(text, "%janus"))) > 5
    assert "from janus_lab import open_lab" in text


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_links_and_named_files_exist(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    linked = [target.partition("#")[0] for target in re.findall(r"\]\(([^)]+)\)", text) if "://" not in target]
    assert [target for target in linked if target and not (path.parent / target).exists()] == []
    prose = re.sub(r"```.*?```", "", text, flags=re.DOTALL)
    named = re.findall(
        r"`((?:janus_lab|magics|lua|tests|samples|benchmarks|scripts|docs|notebooks|\.ci)/[\w./-]*)`", prose
    )
    made = {
        "lua/verb_noun.lua",
        "janus_lab/_lua",
        "benchmarks/out/",
    }  # an example's name, and what a build or a run makes
    assert [name for name in named if name not in made and not (ROOT / name).exists()] == []
