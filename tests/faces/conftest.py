"""One engine room with the sample corpus in it, for both faces."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from slow_speaker import open_slow_speaker

from janus_lab import open_lab

ROOT = Path(__file__).parents[2]
CORPUS = ROOT / "samples" / "corpus"


@dataclass(frozen=True)
class Terminal:
    """Runs `janus` as a process of its own on one data directory."""

    home: Path

    def start(self, *words: str, **options: Any) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "janus_lab.cli", "--home", str(self.home), *words]
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        return subprocess.Popen(command, text=True, cwd=ROOT, **{**pipes, **options})

    def __call__(self, *words: str, code: int = 0, stdin: str | None = None) -> str:
        """The command's standard output; it must end with the given exit code."""
        process = self.start(*words, stdin=subprocess.PIPE if stdin is not None else subprocess.DEVNULL)
        out, err = process.communicate(stdin, timeout=240)
        assert process.returncode == code, f"{words}: {process.returncode}\n{out}\n{err}"
        return out

    def json(self, *words: str) -> Any:
        """The result with --json."""
        return json.loads(self(*words, "--json"))


@pytest.fixture(scope="session")
def corpus() -> Path:
    return CORPUS


@pytest.fixture(scope="session")
def terminal(tmp_path_factory) -> Iterator[Terminal]:
    """A terminal on a running engine room that has ingested the sample corpus; its end takes the engine room along."""
    terminal = Terminal(tmp_path_factory.mktemp("faces") / "häuser and rooms" / ".janus")
    try:
        terminal("ingest", str(CORPUS))
        yield terminal
    finally:
        terminal("down")
    assert terminal.json("status")["running"] is False


@pytest.fixture
def slow_model(terminal) -> Iterator[str]:
    """The name of a model that speaks for minutes."""
    with open_slow_speaker() as url, known(terminal, "slow", url) as name:
        yield name


@pytest.fixture
def mute_model(terminal) -> Iterator[str]:
    """The name of a model that thinks for minutes before it says a word."""
    with open_slow_speaker(mute=True) as url, known(terminal, "mute", url) as name:
        yield name


@contextmanager
def known(terminal: Terminal, name: str, url: str) -> Iterator[str]:
    """A model by this name, as long as a test needs it."""
    with open_lab(terminal.home) as lab:
        lab.models.add(name, url)
        try:
            yield name
        finally:
            lab.models.remove(name)
