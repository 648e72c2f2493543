"""`janus init --stack`: passwords, ports, `compose.yaml`, and a profile that names the servers. What exists is kept."""

from __future__ import annotations

import secrets
import socket
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

from janus_lab.errors import Defect, SettingsError
from janus_lab.settings.beginning import Notes, begin_home, finished, make_file
from janus_lab.settings.dotenv import read_dotenv
from janus_lab.settings.edit import add_profile
from janus_lab.settings.places import SECRETS, settings_file
from janus_lab.settings.profiles import STACK
from janus_lab.values.beginning import Beginning
from janus_lab.values.replacing import replace_text

PASSWORDS = (
    "JANUS_POSTGRES_PASSWORD",
    "JANUS_RABBITMQ_PASSWORD",
    "JANUS_REDIS_PASSWORD",
    "JANUS_MINIO_PASSWORD",
    "JANUS_NEO4J_PASSWORD",
    "JANUS_QDRANT_API_KEY",
)
PORTS = {
    "JANUS_POSTGRES_PORT": 5432,
    "JANUS_RABBITMQ_PORT": 5672,
    "JANUS_REDIS_PORT": 6379,
    "JANUS_MINIO_PORT": 9000,
    "JANUS_NEO4J_PORT": 7687,
    "JANUS_QDRANT_PORT": 6333,
}
PROFILE = """\
# Servers on this machine; other places and names go here as well. Passwords and ports stand in .env.
relational_url = "postgresql+psycopg://janus:${JANUS_POSTGRES_PASSWORD}@127.0.0.1:${JANUS_POSTGRES_PORT}/janus"
redis_url = "redis://:${JANUS_REDIS_PASSWORD}@127.0.0.1:${JANUS_REDIS_PORT}/0"
broker_url = "amqp://janus:${JANUS_RABBITMQ_PASSWORD}@127.0.0.1:${JANUS_RABBITMQ_PORT}/janus"
objects_url = "s3://janus:${JANUS_MINIO_PASSWORD}@127.0.0.1:${JANUS_MINIO_PORT}/janus"
vectors_url = "qdrant://:${JANUS_QDRANT_API_KEY}@127.0.0.1:${JANUS_QDRANT_PORT}"
graph_url = "bolt://neo4j:${JANUS_NEO4J_PASSWORD}@127.0.0.1:${JANUS_NEO4J_PORT}"
"""
STACK_FILES = {"compose.yaml": "the servers, for Docker Compose", "worker.Dockerfile": "how a worker's image is built"}
"""Files that an installation carries for the stack, and that can be written again at any time; what each is."""
WORKER_FROM = "JANUS_WORKER_FROM"
"""How compose.yaml builds its worker: `index`, its default, installs the released package; `source` builds a checkout."""
COMPOSE_PROJECT = "COMPOSE_PROJECT_NAME"
"""What Docker Compose names containers and volumes after. Two folders with one name would share, and remove, one's data."""
_HEAD = "# Passwords and ports of the stack's servers, for compose.yaml and janus.toml. Keep this file to yourself.\n"
_NATIVE_START = "scripts/stack"
"""What a clone of the repository has, and an installed package has not."""
_PRIVATE = 0o600
_PASSWORD_BYTES = 24
_BUSY_TRIES = 100


def begin_stack(home: Path, *, force: bool = False) -> Beginning:
    """Make what a stack needs beside `janus.toml`. With `force`, files that hold nothing of the user's are written again.

    Raises SettingsError or DataDirectoryUnusable.
    """
    notes = Notes()
    begin_home(home, notes)
    file = settings_file(home)
    _secrets(file.parent / SECRETS, notes)
    _ignore(file.parent, notes)
    for name in STACK_FILES:
        _copy(name, file.parent, notes, force=force)
    if add_profile(file, STACK, PROFILE):
        notes.made.append(f"[profiles.{STACK}] in {file}")
    else:
        notes.kept.append(f"[profiles.{STACK}] in {file}")
    natively = f"   # or, without Docker: {_NATIVE_START} up" if (file.parent / _NATIVE_START).is_file() else ""
    return finished(home, notes, (f"docker compose up -d{natively}", "janus use stack --save"))


def stack_folder() -> Path:
    """Where this installation keeps the stack's files: inside the package, or at the root of the repository."""
    package = Path(__file__).parents[1]
    for folder in (package / "_stack", package.parent):
        if all((folder / name).is_file() for name in STACK_FILES):
            return folder
    raise Defect("this installation lacks the stack's files", remedy="install janus-lab again")


def _secrets(file: Path, notes: Notes) -> None:
    known = read_dotenv(file) if file.exists() else {}
    missing = [name for name in (*PASSWORDS, *PORTS) if not known.get(name)]
    lines = "".join(f"{name}={value}\n" for name, value in _fresh(missing, known, notes).items())
    if COMPOSE_PROJECT not in known and not any(known.get(name) for name in PASSWORDS):
        lines += f"{COMPOSE_PROJECT}=janus-{secrets.token_hex(4)}\n"
    if WORKER_FROM not in known and file.parent.resolve() == stack_folder().resolve():
        lines += f"{WORKER_FROM}=source\n"
    count = f"{sum(name in PASSWORDS for name in missing)} new passwords, readable by you alone"
    if make_file(file, _HEAD + lines, notes, count, mode=_PRIVATE) or not missing:
        return
    text = file.read_text(encoding="utf-8")
    gap = "" if not text or text.endswith("\n") else "\n"
    try:
        replace_text(file, f"{text}{gap}{lines}", mode=_PRIVATE)
    except OSError as error:
        raise SettingsError(
            f"{file} can't be written: {error.strerror or error}", remedy=f"give yourself write permission on {file}"
        ) from error
    notes.made.append(f"{', '.join(missing)} in {file}, which only you may read now")


def _fresh(missing: list[str], known: Mapping[str, str], notes: Notes) -> dict[str, str]:
    values: dict[str, str] = {}
    taken = {int(value) for name, value in known.items() if name in PORTS and value.isdecimal()}
    for name in missing:
        if name in PASSWORDS:
            values[name] = secrets.token_urlsafe(_PASSWORD_BYTES)
            continue
        port = _free_port(PORTS[name], taken)
        taken.add(port)
        values[name] = str(port)
        if port != PORTS[name]:
            notes.said.append(f"port {PORTS[name]} is in use here, so {name} is {port}")
    return values


def _free_port(wanted: int, taken: set[int]) -> int:
    """The port wanted, or the first above it that nobody listens on."""
    for port in range(wanted, wanted + _BUSY_TRIES):
        if port in taken:
            continue
        with closing(socket.socket()) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    return wanted


def _copy(name: str, folder: Path, notes: Notes, *, force: bool) -> None:
    text = (stack_folder() / name).read_text(encoding="utf-8")
    target = folder / name
    if not (force and target.is_file() and target.read_text(encoding="utf-8") != text):
        made = make_file(target, text, notes, STACK_FILES[name])
        if not made and target.is_file() and target.read_text(encoding="utf-8") != text:
            notes.said.append(f"{target} differs from this version's: --force writes it again")
        return
    replace_text(target, text)
    notes.made.append(f"{target} (written again)")


def _ignore(folder: Path, notes: Notes) -> None:
    """Keep the passwords out of a git work tree."""
    if not any((parent / ".git").exists() for parent in (folder, *folder.parents)):
        return
    file = folder / ".gitignore"
    text = file.read_text(encoding="utf-8") if file.is_file() else ""
    if {SECRETS, f"/{SECRETS}"} & {line.strip() for line in text.splitlines()}:
        return
    gap = "" if not text or text.endswith("\n") else "\n"
    replace_text(file, f"{text}{gap}{SECRETS}\n")
    notes.made.append(f"{SECRETS} in {file}")
