"""A server of models as a program, for tests of what starts such servers: quick, scriptable by its arguments, and bare.

`python model_server_program.py --port N [--slow S] [--fail TEXT] [--stubborn] [--brood FILE] [--tell-key]`
It opens to the key in LLAMA_API_KEY alone. A chat's last message may be `crash` (it ends at once), `hang` (it answers
nobody any more), or anything, which it says back. `--brood` starts a stubborn grandchild in a session of its own and writes its number.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

KEY = os.environ["LLAMA_API_KEY"]
BEGAN = time.monotonic()
GRANDCHILD = (
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('here', flush=True); time.sleep(600)"
)
hanging = threading.Event()


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int)
    parser.add_argument("--slow", type=float, default=0.0)
    parser.add_argument("--fail", default="")
    parser.add_argument("--stubborn", action="store_true")
    parser.add_argument("--brood", default="")
    parser.add_argument("--tell-key", action="store_true")
    return parser.parse_args()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is the library's
        print("asked:", self.path, flush=True)

    def do_GET(self) -> None:
        if hanging.is_set():
            time.sleep(600)
        if self.headers.get("Authorization") != f"Bearer {KEY}":
            self.say({"error": {"message": "wrong key"}}, 401)
        elif time.monotonic() - BEGAN < OPTIONS.slow:
            self.say({"error": {"message": "loading"}}, 503)
        elif self.path == "/v1/models":
            self.say({"data": [{"id": "programmed", "max_model_len": 512}]})
        else:
            self.say({"status": "ok"}, 200 if self.path == "/health" else 404)

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if not self.path.endswith("/chat/completions"):
            self.say({"error": {"message": "no such path"}}, 404)
            return
        text = body["messages"][-1]["content"]
        if text == "crash":
            os._exit(3)
        if text == "hang":
            hanging.set()
            time.sleep(600)
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Connection", "close")
        self.end_headers()
        for piece, finish in ((f"{os.getpid()} {text}", None), (None, "stop")):
            delta = {} if piece is None else {"content": piece}
            event = {"choices": [{"index": 0, "delta": delta, "finish_reason": finish}]}
            self.wfile.write(f"data: {json.dumps(event)}\n\n".encode())
        self.wfile.write(b"data: [DONE]\n\n")
        self.close_connection = True

    def say(self, value: object, status: int = 200) -> None:
        data = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


OPTIONS = arguments()
print("environment:", sorted(name for name in os.environ if name.startswith("JANUS_")), flush=True)
if OPTIONS.tell_key:
    print("my key is", KEY, flush=True)
if OPTIONS.fail:
    sys.exit(OPTIONS.fail)
if OPTIONS.stubborn:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
if OPTIONS.brood:
    child = subprocess.Popen([sys.executable, "-S", "-c", GRANDCHILD], stdout=subprocess.PIPE, start_new_session=True)
    child.stdout.readline()
    Path(OPTIONS.brood).write_text(str(child.pid))
ThreadingHTTPServer(("127.0.0.1", OPTIONS.port), Handler).serve_forever()
