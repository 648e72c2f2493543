"""`make demo` shows what it promises and leaves nothing running, even when it is interrupted."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Where the demo keeps its data: a path with a space in it."""
    return tmp_path / "the demo's data"


@pytest.fixture
def surroundings(home: Path) -> Iterator[dict[str, str]]:
    """The environment of the demo; nothing that belongs to its data directory may outlive the test."""
    yield {**os.environ, "JANUS_DEMO_HOME": str(home)}
    for process in belonging_to(home):
        process.kill()


def belonging_to(home: Path) -> list[psutil.Process]:
    """Processes that name the data directory on their command line or in their environment, or work in it."""
    found = []
    for process in psutil.process_iter():
        try:
            text = "\0".join([*process.cmdline(), *process.environ().values(), process.cwd()])
        except (psutil.NoSuchProcess, psutil.AccessDenied, psutil.ZombieProcess):
            continue
        if str(home) in text and process.pid != os.getpid():
            found.append(process)
    return found


def wait_until_gone(home: Path, seconds: float = 60) -> list[psutil.Process]:
    """What still runs for `home` after at most `seconds`."""
    deadline = time.monotonic() + seconds
    while (left := belonging_to(home)) and time.monotonic() < deadline:
        time.sleep(0.2)
    return left


def test_the_demo_answers_cites_and_refuses(root: Path, home: Path, surroundings: dict[str, str]) -> None:
    done = subprocess.run(
        ["scripts/demo"], cwd=root, env=surroundings, capture_output=True, text=True, check=False, timeout=500
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    assert " failed" not in done.stdout.partition("$ janus ask")[0]
    track, budget, absent = done.stdout.split("$ janus ask")[1:]
    assert "9 May 2025" in track.partition("\n")[2]
    assert "snow-tractor-delivery.eml" in track
    assert "1,284,000" in budget
    assert "annual-report-2024.pdf" in budget
    assert "do not seem to hold the answer" in absent
    assert "[1]" not in absent
    assert "What to do next" in done.stdout
    assert wait_until_gone(home) == []


@pytest.mark.skipif(sys.platform == "win32", reason="signals are POSIX's")
def test_an_interrupted_demo_leaves_nothing_running(root: Path, home: Path, surroundings: dict[str, str]) -> None:
    demo = subprocess.Popen(
        ["scripts/demo"],
        cwd=root,
        env=surroundings,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    deadline = time.monotonic() + 120
    while len(belonging_to(home)) < 4:  # the shell, janus, the server and the worker
        assert time.monotonic() < deadline
        time.sleep(0.1)
    os.killpg(demo.pid, signal.SIGINT)
    assert demo.wait(timeout=120) == 130
    assert wait_until_gone(home) == []
