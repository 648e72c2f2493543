"""Whether a deployment's settings and files fit together."""

from __future__ import annotations

import re
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path
from urllib.parse import urlsplit

from janus_lab.settings import FILE, Settings
from janus_lab.settings.places import SECRETS, settings_folders
from janus_lab.values.counted import count
from janus_lab.values.health import Check, Verdict

COMPOSE = "compose.yaml"
_OTHERS = stat.S_IRGRP | stat.S_IROTH
_LITERAL_PASSWORD = re.compile(r"://[^/\s\"'@]*:(?!\$\{)[^/\s\"'@]+@")
_STORES = ("relational_url", "redis_url", "objects_url", "vectors_url", "graph_url")


def deployment_checks(settings: Settings, servers: Sequence[Check]) -> Iterator[Check]:
    """Profile, files with passwords, and settings that do not go together; `servers` is what was found out about servers."""
    yield from _profile(settings)
    yield from _secrets(settings_folders(settings.home))
    if any(check.verdict is Verdict.FAILED for check in servers):
        yield from _compose(settings)


def _profile(settings: Settings) -> Iterator[Check]:
    servers = settings.servers()
    if settings.worker_processes > 1 and settings.one_owner:
        yield Check(
            "profile",
            Verdict.FAILED,
            f"{settings.worker_processes} worker processes, and vectors that only one process may own",
            f"set worker_processes = 1, or let vectors_url name a Qdrant server, in {FILE}",
        )
        return
    if not servers:
        yield Check("profile", Verdict.OK, f"{settings.profile}: everything in the data directory")
        return
    inside = [name for name in _STORES if name not in servers]
    detail = f"{settings.profile}: {count(len(set(servers.values())), 'server')}"
    if inside:
        detail += f"; {', '.join(inside)} in the data directory, so every worker must run on this machine"
    yield Check("profile", Verdict.OK, detail)


def _secrets(folders: Sequence[Path]) -> Iterator[Check]:
    for folder in folders:
        if _readable_by_others(secrets := folder / SECRETS):
            yield Check(SECRETS, Verdict.WARNING, f"{secrets} can be read by others", f"chmod 600 {secrets}")
        file = folder / FILE
        if _readable_by_others(file) and _LITERAL_PASSWORD.search(file.read_text(encoding="utf-8")):
            yield Check(
                FILE,
                Verdict.WARNING,
                f"{file} holds a password and can be read by others",
                f"move the password into {folder / SECRETS} and write ${{NAME}} in its place, or chmod 600 {file}",
            )


def _compose(settings: Settings) -> Iterator[Check]:
    near = [name for name, url in settings.servers().items() if urlsplit(url).hostname in ("127.0.0.1", "localhost")]
    folder = settings_folders(settings.home)[0]
    if near and not (folder / COMPOSE).is_file():
        yield Check(
            COMPOSE,
            Verdict.WARNING,
            f"the servers are to run on this machine, and {folder} has no {COMPOSE}",
            "`janus init --stack` writes it, unless you start them in another way",
        )


def _readable_by_others(file: Path) -> bool:
    try:
        return file.is_file() and bool(file.stat().st_mode & _OTHERS)
    except OSError:
        return False
