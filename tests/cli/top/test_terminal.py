"""`janus top` in a real terminal: it draws, keeps to no colours where none are wanted, and gives the screen back."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import sys
import termios
import time

COLOURS = re.compile(rb"\x1b\[[0-9;]*\b(?:3[0-7]|4[0-7]|9[0-7]|10[0-7]|38;|48;)[0-9;]*m")
GIVEN_BACK = b"\x1b[?1049l"


def test_it_draws_without_colours_and_leaves_on_q(tmp_path):
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    environment = {**os.environ, "TERM": "xterm-256color", "NO_COLOR": "1", "JANUS_HOME": str(tmp_path / ".janus")}
    process = subprocess.Popen(
        [sys.executable, "-m", "janus_lab.cli", "top"],
        stdin=theirs, stdout=theirs, stderr=theirs, env=environment, close_fds=True, start_new_session=True,
    )  # fmt: skip
    os.close(theirs)
    seen = b""

    def read_until(words: bytes) -> None:
        nonlocal seen
        deadline = time.monotonic() + 60
        while words not in seen:
            assert time.monotonic() < deadline, seen[-2000:]
            if select.select([ours], [], [], 0.1)[0]:
                seen += os.read(ours, 65536)

    try:
        read_until(b"Processor")
        os.write(ours, b"q")
        read_until(GIVEN_BACK)
        assert process.wait(30) == 0
    finally:
        process.kill()
        process.wait()
        os.close(ours)
    assert b"monitor" in seen
    assert not COLOURS.search(seen), COLOURS.search(seen)
