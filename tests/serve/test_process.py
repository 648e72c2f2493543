"""`janus serve` as a process of its own, with an engine room behind it."""

from __future__ import annotations

import json
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager

import httpx
import pytest
from waiting import until

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

    def await_said(self, pattern, seconds=120):
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline and self.process.poll() is None:
            if found := pattern.search("".join(self.said)):
                return found
            time.sleep(0.02)
        raise AssertionError("".join(self.said))

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
            self.ended()

    def end(self, number=signal.SIGTERM):
        self.process.send_signal(number)
        return self.ended()

    def ended(self):
        status = self.process.wait(120)
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


@pytest.fixture
def serve(home):
    """Starts servers; those that a test did not end are killed."""
    with ExitStack() as running:

        def start(*arguments):
            server = Process(home, *arguments)
            running.callback(server.kill)
            return server

        yield start


@contextmanager
def client_of(server):
    port, key = server.await_said(_READY)[1], server.await_said(_KEY)[1]
    headers = {"Authorization": f"Bearer {key}"}
    with httpx.Client(base_url=f"http://127.0.0.1:{port}/v1", headers=headers, timeout=60, trust_env=False) as http:
        yield http


def listens(http):
    try:
        with socket.create_connection((http.base_url.host, http.base_url.port)):
            return True
    except ConnectionRefusedError:
        return False


def spoken(reply):
    """What a stream tells, once the model has begun to speak."""
    told = (json.loads(line.removeprefix("data: ")) for line in reply.iter_lines() if line.startswith("data:"))
    while not next(told)["choices"][0]["delta"].get("content"):
        pass
    return told


def last_of(told):
    *_, last = told
    return last["error"]


def test_it_serves_until_it_is_told_to_end_and_leaves_a_stopped_engine_room_alone(serve, home):
    server = serve()
    with client_of(server) as http, open_lab(home, start=False) as lab, ThreadPoolExecutor(1) as pool:
        with http.stream("POST", "/chat/completions", json=STORY) as reply:
            told = spoken(reply)
            lab.down()
            assert "`janus up`" in last_of(told)["message"]
        refusal = http.post("/embeddings", json={"input": "x"})
        assert refusal.status_code == 503
        assert refusal.json()["error"]["code"] == "engine-room-failed"
        assert "`janus up`" in refusal.json()["error"]["message"]
        assert not lab.status().running

        with open_lab(home) as again:
            again.up()
        with http.stream("POST", "/chat/completions", json=STORY) as reply:
            told = spoken(reply)
            whole = pool.submit(http.post, "/chat/completions", json={**STORY, "stream": False})
            until(lambda: len(lab.runs(kinds=(RunKind.CHAT,))) == 3)
            server.process.send_signal(signal.SIGTERM)
            until(lambda: not listens(http))
            assert next(told)
            server.process.send_signal(signal.SIGTERM)
            assert last_of(told)["code"] == "server_ending"
        assert (whole.result().status_code, whole.result().json()["error"]["code"]) == (503, "server_ending")
        assert server.ended() == 0
        until(lambda: [run.state for run in lab.runs(kinds=(RunKind.CHAT,))] == [RunState.CANCELLED] * 3)
    said = "".join(server.said)
    assert len(_KEY.findall(said)) == 1
    assert [line.split()[0] for line in said.splitlines()] == ["serving", "key:", "Janus"]


def test_the_key_is_not_shown_again(serve, home):
    (home / "serve.key").touch(mode=0o600)
    (home / "serve.key").write_text("a-key-from-yesterday")
    server = serve()
    server.await_said(_READY)
    server.await_said(re.compile("key: in .*serve.key"))
    assert server.end(signal.SIGINT) == 0
    assert "yesterday" not in "".join(server.said)


def test_a_port_in_use_is_named(home):
    with listening("127.0.0.1", 0) as taken:
        command = [sys.executable, "-m", "janus_lab.cli", "--home", str(home), "serve"]
        done = subprocess.run(
            [*command, "--port", str(taken.getsockname()[1])], capture_output=True, text=True, check=False, timeout=120
        )
    assert done.returncode == 1
    assert "nothing can listen at 127.0.0.1" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_variable_without_a_key_is_named(serve, home):
    server = serve("--key-env", "NO_SUCH_KEY")
    assert server.ended() == 1
    assert "environment variable NO_SUCH_KEY" in "".join(server.said)
    assert not (home / "serve.key").exists()
