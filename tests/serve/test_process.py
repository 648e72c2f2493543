"""`janus serve` as a process of its own, with an engine room behind it."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import threading
import time

import httpx
import pytest

from janus_lab import open_lab
from janus_lab.serve.main import listening
from janus_lab.values.run import RunKind, RunState

_READY = re.compile(r"http://127\.0\.0\.1:(\d+)/v1")
_KEY = re.compile(r"key: (\S{40,}) ")
STORY = {
    "messages": [
        {"role": "user", "content": "Write a very long story about a village by the sea, with many chapters."}
    ],
    "max_tokens": 1800,
    "stream": True,
}


class Process:
    """The process and what it says."""

    def __init__(self, home, *arguments):
        command = [sys.executable, "-m", "janus_lab.cli", "--home", str(home), "serve", "--port", "0", *arguments]
        self.process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
        self.said = []
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self):
        self.said.extend(self.process.stderr)

    def await_said(self, pattern, seconds=60):
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline and self.process.poll() is None:
            if found := pattern.search("".join(self.said)):
                return found
            time.sleep(0.02)
        raise AssertionError("".join(self.said))

    def end(self, number=signal.SIGTERM):
        self.process.send_signal(number)
        return self.ended()

    def ended(self):
        status = self.process.wait(40)
        self._reader.join()
        self.process.stderr.close()
        return status


@pytest.fixture
def home(tmp_path):
    home = tmp_path / ".janus"
    home.mkdir()
    yield home
    with open_lab(home, start=False) as lab:
        lab.down()


def test_it_serves_until_it_is_told_to_end(home):
    server = Process(home)
    port = server.await_said(_READY)[1]
    key = server.await_said(_KEY)[1]
    headers = {"Authorization": f"Bearer {key}"}
    with httpx.Client(base_url=f"http://127.0.0.1:{port}/v1", headers=headers, timeout=60, trust_env=False) as http:
        assert http.get("/models").status_code == 200
        body = {"messages": [{"role": "user", "content": "Name a colour."}], "max_tokens": 4}
        assert http.post("/chat/completions", json=body).json()["usage"]["completion_tokens"] == 4
        with http.stream("POST", "/chat/completions", json=STORY) as reply:
            lines = reply.iter_lines()
            next(lines)
            server.process.send_signal(signal.SIGTERM)
            time.sleep(0.2)
            assert next(line for line in lines if line.startswith("data:"))
            server.process.send_signal(signal.SIGTERM)
            assert server.ended() == 0
    assert "".join(server.said).count(key) == 1
    with open_lab(home) as lab:
        story = lab.runs(limit=1, kinds=(RunKind.CHAT,))[0]
        deadline = time.monotonic() + 20
        while not story.state.final:
            assert time.monotonic() < deadline
            time.sleep(0.05)
            story = lab.run(story.id)
        assert story.state is RunState.CANCELLED


def test_the_key_is_not_shown_again(home):
    (home / "serve.key").touch(mode=0o600)
    (home / "serve.key").write_text("a-key-from-yesterday")
    server = Process(home)
    server.await_said(_READY)
    server.await_said(re.compile("key: in .*serve.key"))
    assert server.end(signal.SIGINT) == 0
    assert "yesterday" not in "".join(server.said)


def test_a_port_in_use_is_named(home):
    with listening("127.0.0.1", 0) as taken:
        command = [sys.executable, "-m", "janus_lab.cli", "--home", str(home), "serve"]
        done = subprocess.run(
            [*command, "--port", str(taken.getsockname()[1])], capture_output=True, text=True, check=False, timeout=60
        )
    assert done.returncode == 1
    assert "nothing can listen at 127.0.0.1" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_variable_without_a_key_is_named(home):
    server = Process(home, "--key-env", "NO_SUCH_KEY")
    assert server.ended() == 1
    assert "environment variable NO_SUCH_KEY" in "".join(server.said)
    assert not (home / "serve.key").exists()
