"""Servers that are busy, gone or locked: what is asked again, what is told, and that no key is shown."""

from __future__ import annotations

import itertools
import socket
import time
from types import SimpleNamespace

import pytest
from openai_scripts import Ending, Scripted, refused, said
from openai_stand_in import open_stand_in
from served_models import opened, reply

from janus_lab.adapters.backend import openai_server
from janus_lab.errors import (
    AccessDenied,
    ContextTooLong,
    JanusError,
    ModelFailed,
    NotFound,
    ServerUnreachable,
    SettingsError,
)
from janus_lab.values.generation import Message

KEY = "sk-very-secret-0123456789"


def test_a_busy_server_is_asked_again_when_it_says(model_server, served):
    model_server.next(refused(429, headers={"Retry-After": "0.6"}), refused(503), said("now"))
    began = time.monotonic()
    assert reply(served)[0] == "now"
    assert 0.6 < time.monotonic() - began < 30


def test_nobody_waits_for_a_server_that_wants_to_be_left_alone_for_long(model_server, served):
    model_server.next(refused(429, "come back tomorrow", headers={"Retry-After": "86400"}))
    began = time.monotonic()
    with pytest.raises(ModelFailed, match="busy: come back tomorrow"):
        reply(served)
    assert time.monotonic() - began < 30


def test_a_server_that_fails_again_and_again_is_given_up(model_server, served, monkeypatch):
    model_server.next(*[refused(500, "boom")] * 12)
    # Each failure takes 0.3 seconds by this clock, however long it takes by others.
    monkeypatch.setattr(openai_server, "time", SimpleNamespace(monotonic=itertools.count(1, 0.3).__next__))
    with pytest.raises(ModelFailed, match="500: boom"):
        reply(served)
    assert 2 < len(model_server.chats()) < 12


def test_a_connection_that_breaks_before_a_word_was_said_is_made_again(model_server, served):
    model_server.next(Scripted([Ending.CUT]), said("back"))
    assert reply(served)[0] == "back"


@pytest.mark.parametrize("broken", [Scripted([Ending.CUT]), refused(502)], ids=["cut", "refused"])
def test_what_took_a_while_to_fail_is_tried_again(model_server, served, monkeypatch, broken):
    model_server.next(broken, said("back"))
    monkeypatch.setattr(openai_server, "time", SimpleNamespace(monotonic=itertools.count(1, 8.0).__next__))
    assert reply(served)[0] == "back"


@pytest.mark.parametrize("broken", [Scripted([Ending.CUT]), refused(502), refused(504)], ids=["cut", "refused", "late"])
def test_what_broke_off_late_was_worked_at_and_is_not_asked_again(model_server, served, monkeypatch, broken):
    model_server.next(broken, said("twice"))
    monkeypatch.setattr(openai_server, "time", SimpleNamespace(monotonic=itertools.count(1, 60.0).__next__))
    with pytest.raises((ModelFailed, ServerUnreachable)):
        reply(served)
    assert len(model_server.chats()) == 1


def test_who_was_long_in_saying_that_it_is_busy_is_asked_again(model_server, served, monkeypatch):
    model_server.next(refused(503), said("now"))
    monkeypatch.setattr(openai_server, "time", SimpleNamespace(monotonic=itertools.count(1, 60.0).__next__))
    assert reply(served)[0] == "now"


def test_nobody_there(unused_tcp_port):
    began = time.monotonic()
    with pytest.raises(ServerUnreachable, match="does not answer"), opened(f"http://127.0.0.1:{unused_tcp_port}"):
        pass
    assert time.monotonic() - began < 30


@pytest.fixture
def unused_tcp_port():
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield held.getsockname()[1]


def test_a_wrong_key_is_told_without_the_key():
    with open_stand_in(key="another") as server, pytest.raises(AccessDenied) as caught:
        opened(server.url, key=KEY).__enter__()
    chain = [caught.value, caught.value.__cause__]
    assert all(KEY not in f"{error} {error!r} {error.args}" for error in chain[:1])
    assert "key_variable" in caught.value.remedy


def test_the_right_key_opens_and_nothing_of_the_environment_is_sent(monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-of-the-environment")
    monkeypatch.setenv("OPENAI_ORG_ID", "org-of-the-environment")
    monkeypatch.setenv("OPENAI_CUSTOM_HEADERS", "X-Api-Key: of-the-environment")
    with open_stand_in(key=KEY) as server, opened(server.url, key=KEY) as backend:
        server.next(said("in"))
        assert reply(backend)[0] == "in"
    assert "of-the-environment" not in str([call.headers for call in server.calls])
    assert not [name for call in server.calls for name in call.headers if name.startswith("x-")]


def test_without_a_key_none_is_sent(model_server, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-of-the-environment")
    with opened(model_server.url):
        assert all("authorization" not in call.headers for call in model_server.calls)


def test_a_key_with_a_line_end_is_refused_without_being_shown(model_server):
    with pytest.raises(SettingsError) as caught:
        opened(model_server.url, key=f"{KEY}\n").__enter__()
    assert KEY not in str(caught.value)


@pytest.mark.parametrize(
    "uri", ["http://user:secret@host/v1", "http://host/v1?api_key=secret", "http://", "http://h:99999"]
)
def test_addresses_that_hold_a_secret_or_name_no_host_are_refused(uri):
    with pytest.raises(SettingsError) as caught:
        opened(uri).__enter__()
    assert "secret" not in str(caught.value)


def test_the_only_model_is_taken_and_of_several_one_must_be_chosen(model_server):
    model_server.listed = [{"id": "small", "max_model_len": 512}, {"id": "large", "max_model_len": 4096}]
    with pytest.raises(SettingsError, match="small, large"):
        opened(model_server.url).__enter__()
    with opened(model_server.url, remote_model="large") as backend:
        assert backend.info.context_tokens == 4096
    with opened(model_server.url, remote_model="large", context_tokens=1000) as backend:
        assert backend.info.context_tokens == 1000


@pytest.mark.parametrize(
    ("path", "answer"),
    [
        ("/props", {"default_generation_settings": {"n_ctx": 777}}),
        ("/v1/model", {"parameters": {"max_seq_len": 777}}),
    ],
)
def test_the_window_is_found_where_servers_tell_it(model_server, path, answer):
    model_server.answers[path] = lambda _: answer
    with opened(model_server.url) as backend:
        assert backend.info.context_tokens == 777


def test_a_server_that_lists_no_models_serves_the_one_that_is_named(model_server):
    model_server.answers["/v1/models"] = lambda _: "nothing of use"
    with pytest.raises(SettingsError, match="none that it lists"):
        opened(model_server.url).__enter__()
    with opened(model_server.url, remote_model="some"):
        pass


def test_a_prompt_that_the_server_finds_too_long(model_server, served):
    model_server.next(refused(400, "too long", code="context_length_exceeded"))
    with pytest.raises(ContextTooLong):
        reply(served)
    model_server.next(refused(400, "too long", type="exceed_context_size_error"))
    with pytest.raises(ContextTooLong):
        reply(served)


def test_a_model_that_the_server_does_not_know(model_server, served):
    model_server.next(refused(404, "no such model"))
    with pytest.raises(NotFound, match="no such model"):
        reply(served)


def test_a_redirect_is_not_followed(model_server, served):
    model_server.next(Scripted([], 307, {"Location": "http://127.0.0.1:1/v1/chat/completions"}))
    with pytest.raises(ModelFailed):
        reply(served)


def test_what_a_server_says_is_shown_on_one_line_and_not_at_length(model_server, served):
    model_server.next(refused(400, "bad\n\x1b[31m thing " + "x" * 5000))
    with pytest.raises(JanusError) as caught:
        reply(served)
    assert "\n" not in caught.value.message
    assert "\x1b" not in caught.value.message
    assert len(caught.value.message) < 400


def test_tokens_are_counted_as_llama_server_does_it(model_server):
    model_server.answers["/apply-template"] = lambda body: {"prompt": "<|user|>" + body["messages"][0]["content"]}
    model_server.answers["/tokenize"] = lambda body: {"tokens": body.get("content", "").split()}
    with opened(model_server.url) as backend:
        assert backend.count_tokens((Message("user", "one two three"),)) == 3


def test_where_a_server_cannot_count_the_estimate_is_rather_high(served):
    prose = "The keeper of the tower counted ships, lamps and gulls. " * 10
    assert 130 <= served.count_tokens((Message("user", prose),)) <= 300
    assert served.count_tokens((Message("user", "你好世界" * 10),)) >= 40
    assert served.count_tokens((Message("user", "{}[];=0123456789"),)) >= 16
