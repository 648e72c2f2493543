"""llama.cpp's package leaves nothing open at the end of a process."""

from __future__ import annotations

import subprocess
import sys

USES = """
from janus_lab.adapters.backend.llama_devices import accelerators
from janus_lab.adapters.backend.llama_log import quiet
accelerators(), quiet()
"""


def test_no_file_is_left_for_the_end_to_warn_of():
    command = [sys.executable, "-W", "always::ResourceWarning", "-c", USES]
    assert subprocess.run(command, capture_output=True, check=True).stderr == b""
