"""An OpenAI-compatible server for tests, on a free port of loopback: a model of ours answers, unless a test says what happens.

`stand_in.next(Scripted(...))` decides the next call of chat, embeddings or rerank, byte by byte: what is sent, pauses, and how
the connection ends. `stand_in.calls` are the calls that came, with their headers. Nothing of this knows the adapter.
"""

from __future__ import annotations

import json
import queue
import socket
import struct
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from openai_scripts import DONE, MODEL, Ending, Scripted, chunk, event, usage

from janus_lab.ports.embedding import EmbeddingBackend
from janus_lab.ports.generation import GenerationBackend
from janus_lab.values.generation import FinishReason, GenerationRequest, Message

SCRIPTED_PATHS = ("/v1/chat/completions", "/v1/embeddings", "/v1/rerank", "/rerank")


@dataclass(frozen=True)
class Call:
    """A call as it came."""

    path: str
    headers: Mapping[str, str]
    body: Any


class StandIn:
    """The server; `answers` are further paths and what they give for a body (None: 404)."""

    def __init__(self, brain: GenerationBackend | None, key: str) -> None:
        self.brain = brain
        self.key = key
        self.calls: list[Call] = []
        self.left = threading.Event()
        """Set when a client went away in the middle of an answer."""
        self.listed: list[dict[str, Any]] = [{"id": MODEL, "object": "model"}]
        self.answers: dict[str, Callable[[Any], Any]] = {}
        self.ending = threading.Event()
        self._scripts: queue.SimpleQueue[Scripted] = queue.SimpleQueue()
        self.url = ""

    def next(self, *scripts: Scripted) -> None:
        """These decide the next calls, one each."""
        for script in scripts:
            self._scripts.put(script)

    def script(self) -> Scripted | None:
        """What was said about this call, if anything."""
        with suppress(queue.Empty):
            return self._scripts.get_nowait()
        return None

    def chats(self) -> list[Any]:
        """The bodies of the calls of chat."""
        return [call.body for call in self.calls if call.path.endswith("/chat/completions")]


@contextmanager
def open_stand_in(
    brain: GenerationBackend | None = None,
    *,
    embedder: EmbeddingBackend | None = None,
    key: str = "",
    counts: bool = True,
) -> Iterator[StandIn]:
    """A server for the length of a test.

    With a `brain` it answers chats, with an `embedder` it embeds; either tells its window, and counts tokens if it `counts`.
    """
    stand_in = StandIn(brain, key)
    if brain is not None:
        stand_in.listed = [{"id": MODEL, "object": "model", "max_model_len": brain.info.context_tokens}]
        if counts:
            stand_in.answers["/tokenize"] = lambda body: {"count": brain.count_tokens(_messages(body))}

    if embedder is not None:
        stand_in.listed = [{"id": MODEL, "object": "model", "max_model_len": embedder.info.context_tokens}]
        stand_in.answers["/v1/embeddings"] = lambda body: _embedded(embedder, body["input"])
        if counts:
            stand_in.answers["/tokenize"] = lambda body: {"count": embedder.count_tokens([body["prompt"]])[0]}

    class Handler(_Handler):
        owner = stand_in

    server = _Server(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    stand_in.url = f"http://127.0.0.1:{server.server_address[1]}/v1"
    try:
        yield stand_in
    finally:
        stand_in.ending.set()
        server.shutdown()
        server.server_close()


class _Server(ThreadingHTTPServer):
    block_on_close = False

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away is what tests are about."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    owner: StandIn

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name is the library's
        """Quiet."""

    def do_GET(self) -> None:
        self._answer(None)

    def do_POST(self) -> None:
        self._answer(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))

    def _answer(self, body: Any) -> None:
        self.owner.calls.append(Call(self.path, {name.lower(): value for name, value in self.headers.items()}, body))
        if self.owner.key and self.headers.get("Authorization") != f"Bearer {self.owner.key}":
            self._json({"error": {"message": f"wrong key: {self.headers.get('Authorization')}"}}, 401)
        elif self.path in SCRIPTED_PATHS and (script := self.owner.script()):
            self._play(script)
        elif self.path in self.owner.answers:
            self._json(self.owner.answers[self.path](body))
        elif self.path == "/v1/models":
            self._json({"object": "list", "data": self.owner.listed})
        elif self.path == "/v1/chat/completions" and self.owner.brain:
            self._chat(self.owner.brain, body)
        else:
            self._json({"error": {"message": f"no such path: {self.path}"}}, 404)

    def _json(self, value: Any, status: int = 200) -> None:
        data = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def _chat(self, brain: GenerationBackend, body: Any) -> None:
        stop = tuple(body.get("stop", ()))
        request = GenerationRequest(_messages(body), body["max_tokens"], body["temperature"], body["seed"], stop)
        self._begin(200, {"Content-Type": "text/event-stream"})
        for token in brain.stream(request, cancelled=self._is_gone):
            if token.text:
                self._send(event(chunk(token.text)))
            if token.finish in (FinishReason.STOP, FinishReason.LENGTH):
                self._send(event(chunk(finish=token.finish.value)))
            if took := token.usage:
                self._send(event(usage(took.prompt_tokens, took.reply_tokens, took.cached_tokens)))
        self._send(DONE)

    def _play(self, script: Scripted) -> None:
        self._begin(script.status, script.headers)
        for part in script.parts:
            if isinstance(part, bytes):
                self._send(part)
            elif isinstance(part, float):
                self._pause(part)
            elif part is Ending.HANG:
                self._pause(60.0)
            elif part is Ending.CUT:
                # Closing at once, with nothing said to the other side, is what a crash looks like.
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                self.connection.close()
                return
            else:
                return

    def _begin(self, status: int, headers: Mapping[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.flush()
        self.close_connection = True

    def _send(self, data: bytes) -> None:
        try:
            self.wfile.write(data)
            self.wfile.flush()
        except OSError:
            self.owner.left.set()
            raise

    def _pause(self, seconds: float) -> None:
        """Wait, unless the client goes or the test ends."""
        waited = 0.0
        while waited < seconds and not self._is_gone():
            waited += 0.02
            if self.owner.ending.wait(0.02):
                return

    def _is_gone(self) -> bool:
        """Whether the client has closed its side."""
        self.connection.setblocking(False)
        try:
            gone = self.connection.recv(1, socket.MSG_PEEK) == b""
        except BlockingIOError:
            gone = False
        except OSError:
            gone = True
        with suppress(OSError):
            self.connection.setblocking(True)
        if gone:
            self.owner.left.set()
        return gone


def _embedded(embedder: EmbeddingBackend, texts: list[str]) -> Any:
    """Embeddings in OpenAI's shape, last text first: each says which it is, and only that counts."""
    found = [{"index": index, "embedding": row.tolist()} for index, row in enumerate(embedder.embed(texts))]
    return {"object": "list", "data": found[::-1], "model": MODEL}


def _messages(body: Any) -> tuple[Message, ...]:
    return tuple(Message(message["role"], message["content"]) for message in body["messages"])
