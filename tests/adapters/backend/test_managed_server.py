"""Servers of our own: started when needed, opened by a key that nobody else has, and gone when their owner is, however it went."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import httpx
import psutil
import pytest
from served_models import never, reply
from waiting import until

from janus_lab.adapters.backend import managed_server
from janus_lab.adapters.backend.managed_backends import open_managed_generation
from janus_lab.adapters.backend.managed_commands import launch
from janus_lab.errors import MissingPackage, ModelFailed, RunCancelled, ServerUnreachable, SettingsError
from janus_lab.values.generation import GenerationRequest, Message, ModelInfo
from janus_lab.values.load_order import LoadOrder
from janus_lab.values.model import LoadPlan, ModelFiles, ModelOptions, ModelRecord, ModelTask

PROGRAM = Path(__file__).parents[2] / "model_server_program.py"


@pytest.fixture(autouse=True)
def little_rest(monkeypatch):
    monkeypatch.setattr(managed_server, "_REST_SECONDS", 0.1)


def order(logs, *extra, uri="vllm://some/model", command=None, **options):
    command = (sys.executable, "-S", str(PROGRAM), "--port", "{port}", *extra) if command is None else command
    record = ModelRecord("ours", ModelTask.GENERATION, uri, ModelOptions(command=command, **options))
    return LoadOrder(record, ModelInfo(uri, "ours", "", ""), logs=Path(logs))


@contextmanager
def running(logs, *extra, **options):
    with open_managed_generation(order(logs, *extra, timeout_seconds=60.0, **options)) as backend:
        yield backend


def say(text):
    return GenerationRequest((Message("user", text),), 40)


def pid_of(backend):
    """The server's own number, which it says before it says a text back."""
    return int(reply(backend, say("hello"))[0].split()[0])


def gone(*pids):
    until(lambda: not any(map(lives, pids)))
    return True


def lives(pid):
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def test_it_starts_answers_and_ends(tmp_path):
    with running(tmp_path, "--slow", "0.3") as backend:
        pid = pid_of(backend)
        assert backend.info.name == "ours"
    assert gone(pid)
    assert "asked: /health" in (tmp_path / "model-ours.log").read_text()


def test_what_ignores_being_asked_to_end_is_made_to_with_all_it_started(tmp_path, monkeypatch):
    brood = tmp_path / "brood"
    monkeypatch.setattr(managed_server, "GRACE_SECONDS", 0.3)
    with running(tmp_path, "--stubborn", "--brood", str(brood)) as backend:
        pid = pid_of(backend)
    assert gone(pid, int(brood.read_text()))


OWNER = """
import sys
sys.path.insert(0, sys.argv[3])
from test_managed_server import managed_server, order, pid_of
from janus_lab.adapters.backend.managed_backends import open_managed_generation
managed_server.GRACE_SECONDS = 0.3
with open_managed_generation(order(sys.argv[1], "--stubborn", "--brood", sys.argv[2], timeout_seconds=60.0)) as backend:
    print(pid_of(backend), backend._owned.server.pid, flush=True)
    sys.stdin.read()
"""


@pytest.mark.fault
def test_killed_with_its_owner_it_leaves_nothing(tmp_path):
    brood = tmp_path / "brood"
    here = Path(__file__).parent
    owner = subprocess.Popen(
        [sys.executable, "-c", OWNER, str(tmp_path), str(brood), str(here)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(here), str(here.parents[1])])},
    )
    with owner:
        pids = list(map(int, owner.stdout.readline().split()))
        assert len(pids) == 2
        owner.kill()
    assert gone(*pids, int(brood.read_text()))


@pytest.mark.fault
def test_killed_with_its_guard_it_is_gone_and_started_again(tmp_path):
    with running(tmp_path) as backend:
        pid = pid_of(backend)
        os.kill(backend._owned.server.pid, signal.SIGKILL)
        assert gone(pid)
        assert pid_of(backend) != pid


def test_a_server_that_crashed_is_started_again(tmp_path):
    with running(tmp_path) as backend:
        pid = pid_of(backend)
        with pytest.raises(ModelFailed):
            reply(backend, say("crash"))
        assert pid_of(backend) != pid


def test_one_whose_model_is_not_there_after_a_crash_says_that_it_is_to_be_opened_anew(tmp_path):
    def none(_client, _order):
        raise ModelFailed("offers nothing", remedy="x")

    with running(tmp_path) as backend:
        with pytest.raises(ModelFailed):
            reply(backend, say("crash"))
        assert not backend.ended
        backend._owned._make = none
        with pytest.raises(ModelFailed, match="offers nothing"):
            pid_of(backend)
        assert backend.ended


def test_a_server_that_hangs_is_ended_and_started_again(tmp_path, monkeypatch):
    with running(tmp_path) as backend:
        pid = pid_of(backend)
        monkeypatch.setattr(managed_server, "_ASK_SECONDS", 0.5)
        backend._owned._client._patience = 0.5
        with pytest.raises(ServerUnreachable, match="silent"):
            reply(backend, say("hang"))
        assert pid_of(backend) != pid
        assert gone(pid)


def test_a_server_that_is_slow_but_well_is_left_alone(tmp_path, monkeypatch):
    monkeypatch.setattr(managed_server, "_ASK_SECONDS", 60.0)
    with running(tmp_path) as backend:
        pid = pid_of(backend)
        backend._owned._suspected = True
        assert pid_of(backend) == pid


def test_one_that_does_not_come_up_is_stopped_at_once(tmp_path):
    silent = (sys.executable, "-S", "-c", "import time; time.sleep(600)")
    server = managed_server.ManagedServer(order(tmp_path, command=silent))
    with ThreadPoolExecutor(1) as pool:
        starting = pool.submit(server.ensure)
        until(lambda: server.pid or starting.done())
        pid = server.pid
        server.stop()
        with pytest.raises(ModelFailed, match="has been stopped"):
            starting.result(60)
    assert gone(pid)


def test_one_that_nobody_waits_for_any_more_ends_while_it_comes_up(tmp_path):
    end = time.monotonic() + 0.3

    def still_wanted():
        if time.monotonic() > end:
            raise RunCancelled("enough", remedy="repeat")

    slow = replace(order(tmp_path, "--slow", "600"), still_wanted=still_wanted)
    ours = psutil.Process()
    before = set(ours.children(recursive=True))
    with pytest.raises(RunCancelled), open_managed_generation(slow):
        pass
    assert time.monotonic() - end < 30
    assert gone(*(child.pid for child in set(ours.children(recursive=True)) - before))


def test_one_that_fails_at_its_start_says_why_and_leaves_nothing(tmp_path):
    with (
        pytest.raises(ModelFailed, match="no memory for \\[31mthis model") as caught,
        running(tmp_path, "--fail", "no memory for \x1b[31mthis model"),
    ):
        pass
    assert str(tmp_path / "model-ours.log") in caught.value.remedy


def test_the_key_opens_and_stands_in_no_log_and_on_no_command_line(tmp_path, monkeypatch):
    monkeypatch.setenv("JANUS_SOME_PASSWORD", "secret")
    with running(tmp_path, "--tell-key") as backend:
        pid = pid_of(backend)
        server = backend._owned.server
        assert server.key not in " ".join(psutil.Process(pid).cmdline() + psutil.Process(server.pid).cmdline())
        assert httpx.get(f"{server.uri}/models").status_code == 401
        assert server.key not in repr(launch(order(tmp_path), 1, server.key))
    log = tmp_path / "model-ours.log"
    assert "my key is (key)" in log.read_text()
    assert "environment: ['JANUS_SERVER_KEY']" in log.read_text()
    assert stat.S_IMODE(log.stat().st_mode) == 0o600


def test_two_starts_have_two_keys_and_two_ports(tmp_path):
    with running(tmp_path / "a") as first, running(tmp_path / "b") as second:
        assert first._owned.server.key != second._owned.server.key
        assert first._owned.server.uri != second._owned.server.uri


def test_a_port_that_somebody_else_took_meanwhile_is_given_up_for_another(tmp_path, monkeypatch):
    free = managed_server._free_port
    with running(tmp_path / "a") as first:
        ports = [int(first._owned.server.uri.split(":")[2].partition("/")[0])]
        monkeypatch.setattr(managed_server, "_free_port", lambda: ports.pop() if ports else free())
        with running(tmp_path / "b") as second:
            assert pid_of(second) != pid_of(first)


def test_a_program_that_is_not_there(tmp_path):
    with pytest.raises(MissingPackage, match="no-such-program"), running(tmp_path, command=("no-such-program",)):
        pass


@pytest.mark.parametrize("place", ["{secret}", "{0}", "{", "{port.real.x}"])
def test_a_command_with_places_that_mean_nothing(tmp_path, place):
    with pytest.raises(SettingsError):
        launch(order(tmp_path, command=(sys.executable, place)), 1, "k")


def test_what_llama_server_is_told(tmp_path, monkeypatch):
    monkeypatch.setattr("shutil.which", lambda name: f"/bin/{name}")
    uri = "llama-server:///models/one.gguf"
    plan = LoadPlan(
        2048, cells=8192, sequences=4, batch_tokens=256, cache_type="q8_0", gpu_layers=9, tensor_split=(3.0, 1.0)
    )
    asked = LoadOrder(
        ModelRecord("one", ModelTask.GENERATION, uri),
        ModelInfo(uri, "one", "", ""),
        ModelFiles(uri, ("/models/one.gguf",), 1, "", ""),
        plan,
        threads=3,
    )
    started = launch(asked, 4711, "secret")
    told = " ".join(started.command)
    for part in (
        "/bin/llama-server --host 127.0.0.1 --port 4711 --model /models/one.gguf --alias one",
        *(
            "--ctx-size 8192 --parallel 4 --kv-unified",
            "--batch-size 256 --ubatch-size 256",
            "--flash-attn on",
            "--threads 3",
        ),
        *("--cache-type-k q8_0 --cache-type-v q8_0", "--n-gpu-layers 9", "--tensor-split 3,1"),
    ):
        assert part in told
    assert started.environment["LLAMA_API_KEY"] == "secret"


def test_what_vllm_is_told(tmp_path, monkeypatch):
    monkeypatch.setattr("shutil.which", lambda name: f"/bin/{name}")
    uri = "vllm://org/some-model"
    plan = LoadPlan(4096, cells=12288, sequences=9, devices=("0", "1"))
    asked = LoadOrder(ModelRecord("one", ModelTask.GENERATION, uri), ModelInfo(uri, "one", "", ""), plan=plan)
    started = launch(replace(asked, memory_part=0.75), 4711, "secret")
    told = " ".join(started.command)
    assert told.startswith("/bin/vllm serve org/some-model --host 127.0.0.1 --port 4711 --served-model-name one")
    assert "--max-num-seqs 3 --max-model-len 4096 --tensor-parallel-size 2 --gpu-memory-utilization 0.750" in told
    assert started.environment["CUDA_VISIBLE_DEVICES"] == "0,1"
    assert "secret" not in told


def test_nobody_waits_for_the_stream_of_one_that_was_closed(tmp_path):
    with running(tmp_path) as backend:
        stream = backend.stream(say("hello"), cancelled=never)
        assert next(stream).text
    with pytest.raises(ModelFailed):
        list(backend.stream(say("hello"), cancelled=never))
