"""One engine room with the sample corpus in it, for both faces."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

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
        out, err = process.communicate(stdin, timeout=120)
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
