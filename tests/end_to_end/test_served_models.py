"""Models that servers run, used through the front door: by their key, with tools and schemas, with another in their place."""

from __future__ import annotations

import sys
from pathlib import Path

import psutil
import pytest
from openai_scripts import Scripted, chunk, event, refused, usage
from openai_stand_in import open_stand_in

from janus_lab import open_lab
from janus_lab.errors import RunFailed
from janus_lab.values.generation import FinishReason, Message, Tool
from janus_lab.values.health import Verdict
from janus_lab.values.model import ModelOptions
from janus_lab.values.model_run import BenchRequest
from janus_lab.verbs.plain import plain

HELLO = [Message("user", "Name a colour.")]
KEY = "sk-very-secret-0123456789"
LOCAL = "SmolLM2-135M-Instruct.Q4_1"
PROGRAM = Path(__file__).parents[1] / "model_server_program.py"


@pytest.fixture(scope="module")
def server():
    with open_stand_in(key=KEY) as server:
        yield server


@pytest.fixture(scope="module")
def lab(tmp_path_factory, server):
    home = tmp_path_factory.mktemp("served") / ".janus"
    home.mkdir()
    (home.parent / ".env").write_text(f"THEIR_KEY={KEY}\n")
    with open_lab(home, inline=True) as lab:
        options = ModelOptions(key_variable="THEIR_KEY", timeout_seconds=60.0)
        lab.models.add("theirs", server.url, options=options)
        yield lab


def test_it_answers_by_its_key_and_the_reply_says_who_spoke(lab, server):
    lab.models.use("theirs")
    server.next(
        Scripted([event(chunk("Blue")), event(chunk(finish="stop")), event(usage(9, 1, 4)), b"data: [DONE]\n\n"])
    )
    reply = lab.chat(HELLO, max_tokens=6)
    assert (reply.text, reply.model, reply.finish) == ("Blue", "theirs", FinishReason.STOP)
    assert (reply.prompt_tokens, reply.reply_tokens, reply.cached_tokens) == (9, 1, 4)
    told = str(lab.run(reply.run_id)) + str(lab.models.all())
    assert KEY not in told


def test_how_fast_it_is_from_here_is_kept_and_told(lab, server):
    for _ in range(3):
        said = [event(chunk("Blue")), event(chunk("green")), event(chunk(finish="stop")), event(usage(8, 2, 0))]
        server.next(Scripted([*said, b"data: [DONE]\n\n"]))
    report = lab.models.bench(BenchRequest("theirs", prompt_tokens=8, reply_tokens=4, streams=(1,)))
    status = lab.models.show("theirs")
    assert status.measured.prompt_speed == report.prompt_speed > 0
    assert status.footprint is None
    told = plain(status)
    assert f"reads {report.prompt_speed:,.0f} tokens/s" in told
    assert "0 B" not in told


def test_a_tool_is_asked_for(lab, server):
    piece = {"index": 0, "id": "a", "function": {"name": "colours", "arguments": "{}"}}
    server.next(Scripted([event(chunk(tool_calls=[piece])), event(chunk(finish="tool_calls")), b"data: [DONE]\n\n"]))
    reply = lab.chat(HELLO, tools=(Tool("colours", "Tells colours.", "{}"),), model="theirs")
    assert reply.finish is FinishReason.TOOL_CALLS
    assert [call.name for call in reply.tool_calls] == ["colours"]


def test_where_it_fails_the_next_one_answers_and_says_so(lab, server):
    lab.models.use("theirs", LOCAL)
    server.next(refused(400, "no colours today"))
    reply = lab.chat(HELLO, max_tokens=6)
    assert reply.model == LOCAL
    assert any("theirs" in note for note in reply.notes)


def test_what_broke_off_in_mid_text_is_not_gone_on_with_by_another(lab, server):
    server.next(Scripted([event(chunk("Bl"))]))
    with pytest.raises(RunFailed, match="broke off"):
        lab.chat(HELLO, max_tokens=6)


def test_a_model_that_is_named_answers_or_nobody_does(lab, server):
    server.next(refused(400, "no colours today"))
    with pytest.raises(RunFailed, match="no colours today"):
        lab.chat(HELLO, max_tokens=6, model="theirs")


def test_a_server_of_our_own_is_started_leased_and_ended(tmp_path):
    home = tmp_path / ".janus"
    home.mkdir()
    command = (sys.executable, "-S", str(PROGRAM), "--port", "{port}")
    with open_lab(home, inline=True) as lab:
        lab.models.add("ours", "vllm://some/model", options=ModelOptions(command=command))
        reply = lab.chat(HELLO, max_tokens=6, model="ours")
        pid = int(reply.text.split()[0])
        assert reply.model == "ours"
        assert psutil.pid_exists(pid)
        [status] = [status for status in lab.models.all() if status.record.name == "ours"]
        assert status.residents[0].covered["ram"] > 0
        assert (home / "logs" / "model-ours.log").read_text()
    assert not psutil.pid_exists(pid)


def test_the_doctor_says_whether_the_server_is_there(lab, server, tmp_path):
    lab.models.use("theirs", LOCAL)
    [first, second] = [check for check in lab.doctor().checks if check.name == "generation model"]
    assert (first.verdict, first.detail) == (Verdict.OK, f"theirs: {server.url}")
    assert second.detail.startswith(LOCAL)
    with open_lab(tmp_path, inline=True, generation_model="http://127.0.0.1:9/v1") as other:
        [check] = [check for check in other.doctor().checks if check.name == "generation model"]
    assert check.verdict is Verdict.FAILED
    assert "http://127.0.0.1:9/v1" in check.detail
