"""A Hugging Face hub on loopback, which a test can let cut, lie, refuse, hang, and redirect.

def test_it(hub):
    hub.put("org/model", {"model.gguf": b"..."}, licence="mit")
    hub.cut_after = [1000]
    ... open_hub(hub.url, ...) ...
    assert hub.asked("resolve")
"""

from __future__ import annotations

import hashlib
import json
import re
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote, urlsplit

import pytest

_LARGE = 64
"""Files from this size on are kept as large ones, with a SHA-256."""
_INFO = re.compile(r"/api/models/([^/]+/[^/]+)(?:/revision/([^/]+))?")
_FILE = re.compile(r"/([^/]+/[^/]+)/resolve/([^/]+)/(.+)")


@dataclass(slots=True)
class Kept:
    """A repository at one commit."""

    files: Mapping[str, bytes]
    licence: str
    gated: bool
    commit: str


@dataclass(frozen=True, slots=True)
class Asked:
    """One request that came."""

    method: str
    path: str
    range: str
    authorization: str


@dataclass(slots=True)
class HubStandIn:
    """What it has, and how it behaves from the next request on."""

    url: str = ""
    repositories: dict[str, Kept] = field(default_factory=dict)
    revisions: dict[tuple[str, str], Kept] = field(default_factory=dict)
    log: list[Asked] = field(default_factory=list)
    cut_after: list[int] = field(default_factory=list)
    """Bytes after which the next bodies are cut off, one a body."""
    answers: list[int] = field(default_factory=list)
    """Statuses that the next requests for files get instead of the file."""
    damaged: bool = False
    """Whether bodies have one wrong byte."""
    ignores_ranges: bool = False
    hangs: threading.Event = field(default_factory=threading.Event)
    """While it is set, bodies stop after their first bytes."""
    slow_seconds: float = 0.0
    """How long it waits between pieces of 64 KiB."""
    redirects_to: str = ""
    """Where files are to be had instead."""

    def put(self, repository: str, files: Mapping[str, bytes], *, licence: str = "", gated: bool = False) -> str:
        """Publish files as the newest commit of a repository; the commit."""
        card = f"---\nlicense: {licence}\n---\nA card.\n".encode() if licence else b""
        whole = {**files, **({"README.md": card} if card else {})}
        commit = hashlib.sha1(repr(sorted(whole.items())).encode(), usedforsecurity=False).hexdigest()
        kept = Kept(whole, licence, gated, commit)
        self.repositories[repository] = self.revisions[repository, commit] = kept
        return commit

    def asked(self, what: str) -> list[Asked]:
        """Requests whose path has `what` in it."""
        return [asked for asked in self.log if what in asked.path]

    def kept(self, repository: str, revision: str) -> Kept | None:
        """What a revision of a repository is."""
        if revision == "main":
            return self.repositories.get(repository)
        return self.revisions.get((repository, revision))


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    hub: HubStandIn

    def log_message(self, *_arguments: object) -> None:
        pass

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_GET(self) -> None:
        headers = self.headers
        self.hub.log.append(Asked(self.command, self.path, headers.get("Range", ""), headers.get("Authorization", "")))
        path = urlsplit(self.path).path
        if found := _INFO.fullmatch(path):
            self._info(found[1], unquote(found[2] or "main"))
        elif found := _FILE.fullmatch(path):
            self._file(found[1], unquote(found[2]), unquote(found[3]))
        else:
            self._answer(404, b"{}")

    def _info(self, repository: str, revision: str) -> None:
        kept = self.hub.kept(repository, revision)
        if kept is None:
            known = repository in self.hub.repositories
            code = "RevisionNotFound" if known else "RepoNotFound"
            self._answer(404 if known else 401, b"{}", {"X-Error-Code": code})
            return
        info = {
            "id": repository,
            "sha": kept.commit,
            "gated": "manual" if kept.gated else False,
            "tags": [f"license:{kept.licence}"] if kept.licence else [],
            "config": json.loads(kept.files.get("config.json", b"{}")),
            "siblings": [_sibling(name, data) for name, data in kept.files.items()],
        }
        self._answer(200, json.dumps(info).encode(), {"Content-Type": "application/json"})

    def _file(self, repository: str, revision: str, name: str) -> None:
        kept = self.hub.kept(repository, revision)
        if kept is None or name not in kept.files:
            self._answer(404, b"", {"X-Error-Code": "EntryNotFound"})
        elif kept.gated:
            self._answer(403, b"", {"X-Error-Code": "GatedRepo"})
        elif self.hub.answers:
            self._answer(self.hub.answers.pop(0), b"later", {"Retry-After": "0"})
        elif self.hub.redirects_to:
            self._answer(302, b"", {"Location": self.hub.redirects_to + self.path})
        else:
            self._body(kept.files[name], kept.commit)

    def _body(self, data: bytes, commit: str) -> None:
        start = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
        status, headers = 200, {"Accept-Ranges": "bytes", "X-Repo-Commit": commit}
        if self.command == "HEAD":
            headers |= {"ETag": f'"{hashlib.sha256(data).hexdigest()}"', "Content-Length": str(len(data))}
            self._head(status, headers)
            return
        if self.hub.damaged:
            data = data[:-1] + bytes([data[-1] ^ 1])
        if start and not self.hub.ignores_ranges:
            headers["Content-Range"] = f"bytes {start[1]}-{len(data) - 1}/{len(data)}"
            status, data = 206, data[int(start[1]) :]
        self._head(status, {**headers, "Content-Length": str(len(data))})
        end = self.hub.cut_after.pop(0) if self.hub.cut_after else len(data)
        with suppress(ConnectionError):  # whoever asked may have left
            self._pieces(data, end)
        if end < len(data):
            self.close_connection = True

    def _pieces(self, data: bytes, end: int) -> None:
        for at in range(0, min(end, len(data)), 65536):
            self.wfile.write(data[at : min(at + 65536, end)])
            self.wfile.flush()
            if self.hub.hangs.is_set():
                threading.Event().wait(300)
            threading.Event().wait(self.hub.slow_seconds)

    def _answer(self, status: int, body: bytes, headers: Mapping[str, str] | None = None) -> None:
        self._head(status, {"Content-Length": str(len(body)), **(headers or {})})
        if self.command != "HEAD":
            self.wfile.write(body)

    def _head(self, status: int, headers: Mapping[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()


def _sibling(name: str, data: bytes) -> dict[str, object]:
    git_id = hashlib.sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()
    sibling: dict[str, object] = {"rfilename": name, "size": len(data), "blobId": git_id}
    if len(data) >= _LARGE:
        sha256 = hashlib.sha256(data).hexdigest()
        sibling["lfs"] = {"sha256": sha256, "size": len(data), "pointerSize": 134}
    return sibling


@contextmanager
def running_hub() -> Iterator[HubStandIn]:
    """A hub on a port of its own."""
    hub = HubStandIn()
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"hub": hub}))
    server.daemon_threads = True
    hub.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield hub
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture
def hub() -> Iterator[HubStandIn]:
    """A hub that has nothing yet."""
    with running_hub() as started:
        yield started


@pytest.fixture
def second_hub() -> Iterator[HubStandIn]:
    """Another one, elsewhere."""
    with running_hub() as started:
        yield started
