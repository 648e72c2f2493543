"""What clients send that is wrong, cut, slow or too much."""

from __future__ import annotations

import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from serving import KEY, chats, ended_chats, offered
from slow_speaker import open_slow_speaker
from waiting import until

from janus_lab.serve import guard, speaking
from janus_lab.serve.following import Following
from janus_lab.values.run import RunState

CHAT = {"model": "janus", "messages": [{"role": "user", "content": "Name a colour."}], "max_tokens": 4}
STORY = {
    "messages": [
        {"role": "user", "content": "Write a very long story about a village by the sea, with many chapters."}
    ],
    "max_tokens": 1500,
}
LONG = {
    "messages": [
        {
            "role": "user",
            "content": "The keeper of the tower counted ships, lamps and gulls. " * 100
            + STORY["messages"][0]["content"],
        }
    ],
    "max_tokens": 500,
}


@pytest.fixture(scope="module")
def http(offer):
    with offer.http() as client:
        yield client


def request_bytes(body, *, length=None, key=KEY, path="/v1/chat/completions"):
    data = json.dumps(body).encode()
    head = f"POST {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {key}\r\nContent-Length: {length or len(data)}\r\n\r\n"
    return head.encode() + data


def await_running(lab, before):
    """Until the one run that came since has begun."""
    deadline = time.monotonic() + 60
    while [lab.run(run_id).state for run_id in chats(lab) - before] != [RunState.RUNNING]:
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.mark.parametrize(
    "header", [None, "", "Bearer", "Bearer wrong", f"Basic {KEY}", f"Bearer {KEY}x", f"Bearer {KEY[:-1]}"]
)
@pytest.mark.parametrize("path", ["/models", "/chat/completions", "/nothing"])
def test_without_the_key_nothing_is_told(offer, header, path):
    with offer.http(key=None) as client:
        reply = client.get(path, headers={} if header is None else {"Authorization": header})
    assert reply.status_code == 401
    assert reply.json()["error"]["code"] == "invalid_api_key"


def test_the_key_is_only_for_those_who_show_it_once(offer):
    with offer.http(key=None) as client:
        twice = [("Authorization", f"Bearer {KEY}"), ("Authorization", "Bearer wrong")]
        assert client.get("/models", headers=twice).status_code == 401


def test_health_needs_no_key_and_tells_nothing_more(offer):
    with offer.http(key=None) as client:
        reply = client.get(f"http://127.0.0.1:{offer.port}/health")
    assert reply.json() == {"status": "ok"}
    assert "uvicorn" not in str(reply.headers)


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "invalid_json"),
        (b"{", "invalid_json"),
        (b"[]", "invalid_json"),
        (b"\xff\xfe", "invalid_json"),
        (b"[" * 100_000, "invalid_json"),
        (b'{"messages": 3}', "invalid_value"),
        (b'{"messages": ["x"]}', "invalid_value"),
        (b'{"messages": [{"content": "x"}]}', "missing_required_parameter"),
        (b'{"messages": [{"role": "user", "content": {"a": 1}}]}', "invalid_value"),
        (b'{"messages": [{"role": "user", "content": "x"}], "temperature": NaN}', "invalid_value"),
        (b'{"messages": [{"role": "user", "content": "x"}], "temperature": "hot"}', "invalid_value"),
        (b'{"messages": [{"role": "user", "content": "x"}], "max_tokens": true}', "invalid_value"),
        (b'{"messages": [{"role": "user", "content": "x"}], "stop": [""]}', "invalid_value"),
        (b'{"messages": [{"role": "user", "content": "x"}], "seed": 1e99}', "invalid_value"),
        (b'{"messages": [{"role": "user", "content": "x"}], "response_format": {"type": "xml"}}', "invalid_value"),
        (b'{"messages": [{"role": "user", "content": "x"}], "priority": "now"}', "invalid_value"),
        (b'{"messages": [{"role": "user", "content": "x"}], "stream": "yes"}', "invalid_value"),
        (
            b'{"messages": [{"role": "user", "content": "x"}], "tools": [{"function": {"parameters": 3}}]}',
            "invalid_value",
        ),
        (b'{"messages": [{"role": "user", "content": "x"}], "tool_choice": ["auto"]}', "invalid_value"),
        (b'{"messages": [{"role": "user", "content": "x"}], "guided_regex": "a+"}', "unknown_parameter"),
        (b'{"messages": [{"role": "user", "content": "x"}], "logprobs": true}', "unsupported_parameter"),
    ],
)
def test_a_body_that_is_wrong_is_refused_by_name(http, content, code):
    reply = http.post("/chat/completions", content=content)
    assert reply.status_code == 400
    assert reply.json()["error"]["code"] == code
    assert reply.json()["error"]["type"] == "invalid_request_error"


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ({"input": []}, "input"),
        ({"input": [[1, 2]]}, "send texts, not tokens"),
        ({"input": "x", "truncate": True}, "no field 'truncate'"),
        ({"input": "x", "dimensions": 100}, "none are cut off"),
        ({"input": "x", "encoding_format": "hex"}, "float or base64"),
        ({"input": ["x"] * 3000}, "2048"),
        ({"input": "x", "model": "SmolLM2-135M-Instruct.Q4_1"}, "is for generation"),
    ],
)
def test_embeddings_that_make_no_sense_are_refused(http, body, told):
    reply = http.post("/embeddings", json=body)
    assert reply.status_code == 400
    assert told in reply.json()["error"]["message"]


def tokenize(http, offer, **body):
    return http.post(f"http://127.0.0.1:{offer.port}/tokenize", json=body)


def test_tokens_are_counted(http, offer):
    chat = tokenize(http, offer, model="janus", messages=CHAT["messages"], add_generation_prompt=True)
    took = http.post("/chat/completions", json=CHAT).json()["usage"]["prompt_tokens"]
    assert (chat.json()["count"], chat.json()["max_model_len"]) == (took, 2048)
    one = tokenize(http, offer, prompt="A lighthouse.").json()
    several = tokenize(http, offer, prompt=["A lighthouse.", "A lighthouse."]).json()
    assert several["counts"] == [one["count"]] * 2
    embedded = tokenize(http, offer, model="all-MiniLM-L6-v2", prompt="A lighthouse.").json()
    assert embedded["max_model_len"] == 256
    assert embedded["count"] > 3


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ({}, "prompt"),
        ({"prompt": [3]}, "texts are expected"),
        ({"messages": []}, "messages"),
        ({"messages": [{"role": "user", "content": "x"}], "add_generation_prompt": False}, "can only be True"),
        ({"prompt": "x", "add_special_tokens": False}, "can only be True"),
        ({"prompt": "x", "return_token_strs": True}, "no field 'return_token_strs'"),
        ({"messages": [{"role": "user", "content": "x"}], "model": "all-MiniLM-L6-v2"}, "is for embedding"),
    ],
)
def test_what_cannot_be_counted_is_refused(http, offer, body, told):
    reply = tokenize(http, offer, **body)
    assert reply.status_code == 400
    assert told in reply.json()["error"]["message"]


def test_where_nothing_is_there_is_nothing(http):
    assert http.get("/nothing").json()["error"]["code"] == "not_found"
    assert http.get("/chat/completions").status_code == 405
    assert http.post("/completions", json={"prompt": ["a", "b"]}).status_code == 400


def test_a_body_may_be_large_but_not_without_bounds(http, monkeypatch):
    reply = http.post(
        "/chat/completions", json={"messages": [{"role": "user", "content": "x" * (guard.BODY_BYTES + 1)}]}
    )
    assert reply.status_code == 413

    def parts():
        for _ in range(guard.BODY_BYTES // 2**20 + 2):
            yield b" " * 2**20

    assert http.post("/chat/completions", content=parts()).status_code == 413


def test_a_body_that_does_not_come_is_not_waited_for_long(offer, monkeypatch):
    monkeypatch.setattr(guard, "BODY_SECONDS", 0.2)
    with offer.connect() as connection:
        connection.sendall(request_bytes(CHAT, length=10_000))
        assert b" 408 " in connection.recv(4096)


def test_events_are_lines_as_server_sent_events_are(http):
    with http.stream("POST", "/chat/completions", json={**CHAT, "stream": True}) as reply:
        assert reply.headers["content-type"].startswith("text/event-stream")
        lines = [line for line in reply.iter_lines() if line]
    assert all(line.startswith("data: ") for line in lines)
    assert lines[-1] == "data: [DONE]"
    chunks = [json.loads(line.removeprefix("data: ")) for line in lines[:-1]]
    assert [chunk["choices"][0]["finish_reason"] for chunk in chunks[:-1]] == [None] * (len(chunks) - 1)
    assert chunks[-1]["choices"][0]["finish_reason"] in ("stop", "length")
    assert set(chunks[-1]["janus"]) == {"run", "notes"}


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("body", [STORY, LONG], ids=["while it speaks", "while it reads"])
def test_whoever_leaves_is_not_worked_for(offer, body, stream):
    before = chats(offer.lab)
    with offer.connect() as connection:
        connection.sendall(request_bytes({**body, "stream": stream}))
        await_running(offer.lab, before)
        time.sleep(0.1)
    assert [run.state for run in ended_chats(offer.lab, before)] == [RunState.CANCELLED]


@pytest.mark.parametrize("stream", [False, True])
def test_whoever_leaves_before_the_first_word_is_not_worked_for(offer, stream):
    with open_slow_speaker(mute=True) as url:
        offer.lab.models.add("mute", url)
        try:
            before = chats(offer.lab)
            with offer.connect() as connection:
                connection.sendall(request_bytes({**CHAT, "model": "mute", "stream": stream}))
                await_running(offer.lab, before)
            assert [run.state for run in ended_chats(offer.lab, before)] == [RunState.CANCELLED]
        finally:
            offer.lab.models.remove("mute")


def test_whoever_leaves_before_asking_all_has_asked_nothing(offer):
    before = chats(offer.lab)
    with offer.connect() as connection:
        connection.sendall(request_bytes(CHAT)[:-5])
    with offer.connect() as connection:
        connection.sendall(b"POST /v1/chat/comp")
    with offer.connect() as connection:
        connection.sendall(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03 garbage \r\n\r\n")
        assert connection.recv(4096).startswith(b"HTTP/1.1 400")
    assert chats(offer.lab) == before


def test_while_nothing_is_said_the_stream_is_kept_alive(offer, http, monkeypatch):
    monkeypatch.setattr(speaking, "PATIENCE_SECONDS", 0.01)
    monkeypatch.setattr(speaking, "KEEP_ALIVE_SECONDS", 0.05)
    fresh = {"messages": [{"role": "user", "content": "A new question about lamps and gulls. " * 40}], "max_tokens": 2}
    with http.stream("POST", "/chat/completions", json={**fresh, "stream": True}) as reply:
        lines = [line for line in reply.iter_lines() if line]
    assert any(line.startswith(":") for line in lines)
    assert lines[-1] == "data: [DONE]"


def test_what_fails_within_a_stream_is_told_in_it(http, monkeypatch):
    monkeypatch.setattr(speaking, "PATIENCE_SECONDS", 0.0)
    with http.stream("POST", "/chat/completions", json={**CHAT, "max_tokens": 50_000, "stream": True}) as reply:
        assert reply.status_code == 200
        lines = [line for line in reply.iter_lines() if line.startswith("data: ")]
    assert json.loads(lines[-1].removeprefix("data: "))["error"]["code"] == "context_length_exceeded"
    assert "data: [DONE]" not in lines


def test_more_than_can_be_followed_are_told_to_come_again(offer, monkeypatch):
    followed, seen, go = threading.Semaphore(0), threading.Event(), Following.go

    def held(following):
        followed.release()
        seen.wait(60)
        go(following)

    monkeypatch.setattr(Following, "go", held)
    with offered(offer.lab, at_once=2) as narrow, narrow.http() as client, ThreadPoolExecutor(2) as pool:
        busy = [pool.submit(client.post, "/chat/completions", json=CHAT) for _ in range(2)]
        assert all(followed.acquire(timeout=60) for _ in busy)
        reply = client.post("/chat/completions", json=CHAT)
        assert reply.status_code == 503
        assert reply.json()["error"]["code"] == "busy"
        assert reply.headers["retry-after"]
        seen.set()
        assert [each.result().status_code for each in busy] == [200, 200]
        # Their places are free a moment after their replies have come.
        deadline = time.monotonic() + 60
        while (reply := client.post("/chat/completions", json=CHAT)).status_code == 503:
            assert time.monotonic() < deadline
        assert reply.status_code == 200


def test_no_thread_is_left_behind(offer):
    before = set(threading.enumerate())
    with offered(offer.lab) as other, other.http() as client:
        client.post("/chat/completions", json=CHAT)
        assert any(thread.name.startswith("serve") for thread in set(threading.enumerate()) - before)
    # The lab goes on, and its threads begin when they are needed.
    theirs = ("inline", "janus-", "lease-heartbeat", "llama")
    until(lambda: all(thread.name.startswith(theirs) for thread in set(threading.enumerate()) - before))
