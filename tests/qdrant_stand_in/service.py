"""The stand-in over HTTP/1.1, one thread a connection."""

from __future__ import annotations

import json
import logging
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from qdrant_stand_in import faults, routes
from qdrant_stand_in.answers import Answers
from qdrant_stand_in.refusal import Refused
from qdrant_stand_in.shards import Shards

_log = logging.getLogger("qdrant_stand_in")
_OPEN_PATHS = {"/", "/healthz", "/readyz", "/livez"}


class Service(ThreadingHTTPServer):
    """Listens on loopback only."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, folder: Path, port: int, key: str) -> None:
        self.folder = folder
        self.key = key
        self.answers = Answers(Shards(folder))
        super().__init__(("127.0.0.1", port), Talk)


class Talk(BaseHTTPRequestHandler):
    """One connection."""

    server: Service
    protocol_version = "HTTP/1.1"
    # Small answers must not wait for the last packet's acknowledgement.
    disable_nagle_algorithm = True
    wbufsize = -1

    def do_GET(self) -> None:
        self._answer()

    do_PUT = do_POST = do_DELETE = do_GET  # noqa: N815 - names of http.server

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - a name of http.server
        _log.debug(format, *args)

    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        address = urlsplit(self.path)
        if delay := faults.faults_in(self.server.folder).delay_seconds:
            time.sleep(delay)
        # Who was held up so long may come after its test is over: later ones' faults are not for it.
        fault = None if delay else faults.hit(self.server.folder, address.path)
        try:
            if fault is None or fault.after:
                answer = self._work(address.path, set(parse_qs(address.query)), body)
        except Refused as refused:
            fault = faults.Faults(status=refused.status, message=refused.message)
        if fault is None:
            self._send(200, answer)
        else:
            self._send(fault.status, json.dumps({"status": {"error": fault.message}, "time": 0.0}).encode())

    def _work(self, path: str, parameters: set[str], body: bytes) -> bytes:
        if path in _OPEN_PATHS:
            version = faults.faults_in(self.server.folder).version
            return json.dumps({"title": "qdrant - vector search engine", "version": version}).encode()
        if self.server.key and self.headers.get("api-key") != self.server.key:
            raise Refused(401, "Must provide an API key or an Authorization bearer token")
        started = time.perf_counter()
        route, name = routes.find(self.command, path, parameters)
        arguments = [] if name is None else [unquote(name)]
        request = routes.parse(route, body)
        try:
            result = getattr(self.server.answers, route.answer)(request, *arguments)
        except Refused:
            raise
        except Exception as error:
            # The engine raises bare Exceptions for wrong input, as the server answers with 400.
            _log.warning("%s %s: %s", self.command, path, error)
            raise Refused(400, f"Wrong input: {error}") from error
        if route.answer == "collection":
            result["status"] = faults.faults_in(self.server.folder).collection_status
        return routes.envelope(route, result, time.perf_counter() - started)

    def _send(self, status: int, content: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)
        self.wfile.flush()


def serve(folder: Path, port: int, key: str) -> None:
    """Answer on 127.0.0.1:`port` from what lies in `folder` until the process ends."""
    logging.basicConfig(level=logging.INFO)
    folder.mkdir(parents=True, exist_ok=True)
    with Service(folder, port, key) as service:
        service.serve_forever()
