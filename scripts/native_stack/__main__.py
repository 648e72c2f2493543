"""`scripts/stack up|down|status|prepare`: the servers of compose.yaml for a developer's machine, from its own packages."""

from __future__ import annotations

import argparse
import os
import re
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from janus_lab.errors import JanusError
from janus_lab.settings.dotenv import read_dotenv
from native_stack import compose, keeper, minio, neo4j, ports, postgresql, rabbitmq, redis
from native_stack.engine import Engine
from native_stack.kind import Kind, NotInstalled, NotStarted

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / ".janus-stack"
KINDS: tuple[Kind, ...] = (postgresql, rabbitmq, redis, minio, neo4j)
_NOTICED_SECONDS = 1.0
NO_SERVER = {
    "qdrant": "has no server for a native start: run `docker compose up -d qdrant`, or name one in JANUS_VECTORS_URL",
}
"""Servers of compose.yaml that cannot be started here, and what to do instead."""


def main(words: Sequence[str]) -> int:
    """Do what the command line says; 1 if anything is left undone."""
    parser = argparse.ArgumentParser(prog="scripts/stack", description=__doc__)
    names = [kind.SERVICE for kind in KINDS]
    parser.add_argument("act", choices=("up", "down", "status", "prepare"))
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"one or more of {', '.join(names)}; all without it")
    options = parser.parse_args(words)
    if strangers := set(options.names) - set(names):
        parser.error(f"there is no {', '.join(sorted(strangers))}: choose from {', '.join(names)}")
    chosen = [kind for kind in KINDS if not options.names or kind.SERVICE in options.names]
    act: Callable[[Kind], bool] = {"up": up, "down": down, "status": status, "prepare": prepare}[options.act]
    try:
        with ThreadPoolExecutor(len(chosen)) as pool:
            done = list(pool.map(act, chosen))
    except (JanusError, compose.VariableMissing) as error:
        print(f"janus: {error}", file=sys.stderr)
        return 1
    if options.act == "up" and not options.names:
        for name, reason in NO_SERVER.items():
            tell(name, reason)
    return int(not all(done))


def up(kind: Kind) -> bool:
    """Start one in the background, unless it runs; say where it is, or what hinders."""
    values = variables()
    FOLDER.mkdir(mode=0o711 if os.getuid() == 0 else 0o700, exist_ok=True)
    name, port = published(kind.SERVICE, values)
    running = keeper.keeping(FOLDER / kind.SERVICE) is not None
    if not running and not ports.is_free(port):
        return tell(
            kind.SERVICE, f"port {port} is taken by another program: stop that, or set {name} in .env", done=False
        )
    begin = time.monotonic()
    try:
        engine = Engine(kind, FOLDER / kind.SERVICE, port=port, values=values)
        if engine.port != port:
            return tell(
                kind.SERVICE, f"runs on port {engine.port} still: scripts/stack down, then up again", done=False
            )
        engine.start(detached=True, wait_seconds=300.0)
    except (NotInstalled, NotStarted) as error:
        return tell(kind.SERVICE, str(error), done=False)
    took = "ran already" if running else f"started in {time.monotonic() - begin:.1f} s"
    return tell(kind.SERVICE, f"127.0.0.1:{port}, {took}, log {engine.log.relative_to(ROOT)}")


def down(kind: Kind) -> bool:
    """Stop one in good order; its data stays."""
    running = keeper.keeping(FOLDER / kind.SERVICE)
    if running is None:
        return tell(kind.SERVICE, "was not running")
    running.terminate()
    running.wait(90.0)
    return tell(kind.SERVICE, "stopped")


def status(kind: Kind) -> bool:
    """Say whether one runs and answers."""
    values = variables()
    _, port = published(kind.SERVICE, values)
    if keeper.keeping(FOLDER / kind.SERVICE) is None:
        missing = kind.missing()
        return tell(kind.SERVICE, f"is down; {missing}" if missing else "is down", done=False)
    engine = Engine(kind, FOLDER / kind.SERVICE, port=port, values=values)
    if engine.answers():
        return tell(kind.SERVICE, f"127.0.0.1:{engine.port}, answers")
    return tell(kind.SERVICE, f"runs and does not answer: read {engine.log.relative_to(ROOT)}", done=False)


def prepare(kind: Kind) -> bool:
    """Bring what an engine needs and no system package has, where it is not there yet: minutes, once a version."""
    bring: Callable[[], Path] | None = getattr(kind, "prepare", None)
    if bring is None:
        return True
    if missing := kind.missing():
        return tell(kind.SERVICE, missing, done=False)
    begin = time.monotonic()
    try:
        bring()
    except NotInstalled as error:
        return tell(kind.SERVICE, str(error), done=False)
    took = time.monotonic() - begin
    return took < _NOTICED_SECONDS or tell(kind.SERVICE, f"brought in {took:.0f} s")


def variables() -> dict[str, str]:
    """The variables of compose.yaml, as Docker Compose finds them: the environment before `.env`."""
    file = ROOT / ".env"
    written = read_dotenv(file) if file.is_file() else {}
    return written | {name: value for name, value in os.environ.items() if name.startswith("JANUS_")}


def published(service: str, values: dict[str, str]) -> tuple[str, int]:
    """The variable that names a service's port on this machine, and the port."""
    (written,) = compose.document()["services"][service]["ports"]
    name = re.search(r"\$\{(\w+)", written)
    return name[1] if name else "its port", int(compose.filled(written, values).split(":")[1])


def tell(service: str, what: str, *, done: bool = True) -> bool:
    """One line about one engine; gives `done` back."""
    print(f"{service:10} {what}", flush=True)
    return done


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
