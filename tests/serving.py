"""Serves a lab's models from a thread of the test, behind a real socket, to whoever has the key."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass

import httpx
from openai import OpenAI

from janus_lab import Lab
from janus_lab.compose.serving import known_models
from janus_lab.serve.application import Served, application
from janus_lab.serve.following import Followers
from janus_lab.serve.main import listening
from janus_lab.serve.server import Server, Signals, configured
from janus_lab.values.run import Run, RunKind

KEY = "a-key-for-tests-only"


@dataclass(frozen=True)
class Offer:
    """Where a lab is served."""

    lab: Lab
    port: int

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    def openai(self) -> OpenAI:
        """OpenAI's own client."""
        return OpenAI(base_url=self.url, api_key=KEY, max_retries=0)

    def http(self, key: str | None = KEY) -> httpx.Client:
        """A plain client."""
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        return httpx.Client(base_url=self.url, headers=headers, timeout=60, trust_env=False)

    def connect(self) -> socket.socket:
        """A bare connection."""
        return socket.create_connection(("127.0.0.1", self.port), timeout=30)


def chats(lab: Lab) -> set[str]:
    """Ids of the lab's runs of chats."""
    return {run.id for run in lab.runs(limit=100, kinds=(RunKind.CHAT,))}


def ended_chats(lab: Lab, before: set[str]) -> list[Run]:
    """The chats that are not of `before`, of which there is at least one, once they have ended."""
    deadline = time.monotonic() + 60
    while True:
        fresh = [lab.run(run_id) for run_id in sorted(chats(lab) - before)]
        if fresh and all(run.state.final for run in fresh):
            return fresh
        assert time.monotonic() < deadline, fresh
        time.sleep(0.02)


@contextmanager
def offered(lab: Lab, *, at_once: int = 8) -> Iterator[Offer]:
    """The lab, served by a thread of this process."""
    with ExitStack() as opening:
        listener = opening.enter_context(closing(listening("127.0.0.1", 0)))
        models = opening.enter_context(known_models(lab.settings))
        followers = opening.enter_context(closing(Followers(at_once)))
        app = application(Served(lab, models, followers), KEY)
        signals = Signals()
        server = Server(configured(app), followers.cut, signals)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            yield Offer(lab, listener.getsockname()[1])
        finally:
            signals.count = 1
            thread.join(60)
            assert not thread.is_alive()
