from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

MEMORY = Path("/dev/shm")


@pytest.mark.fault
@pytest.mark.timeout(900)
def test_killed_at_any_effect_and_resumed_everything_ends_the_same() -> None:
    # In memory, where there is some: hundreds of crashes flush to disk thousands of times.
    folder = tempfile.mkdtemp(dir=MEMORY if MEMORY.is_dir() else None)
    try:
        program = Path(__file__).with_name("crashes.py")
        done = subprocess.run([sys.executable, program, folder], capture_output=True, text=True, check=False)
    finally:
        shutil.rmtree(folder)
    assert done.returncode == 0, done.stderr[-4000:]
    crashes = json.loads(done.stdout)
    assert crashes["first"] > 25
    assert crashes["reindex"] > 10
    assert crashes["removal"] > 5
    assert crashes["edit"] > 30
