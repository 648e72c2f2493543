"""A lab in somebody's script or kernel prints nothing of its own."""

from __future__ import annotations

import subprocess
import sys

SCRIPT = """
import sys
from janus_lab import open_lab

with open_lab(sys.argv[1], inline=True) as lab:
    lab.check()
    lab.board()
print("end")
"""


def test_an_inline_lab_prints_nothing(tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(tmp_path / ".janus")],
        capture_output=True,
        text=True,
        check=True,
        timeout=240,
    )
    assert (done.stdout, done.stderr) == ("end\n", "")
