"""What one sort of engine is asked for, so that every sort is started, killed and stopped the same way."""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from native_stack import compose


class NotInstalled(RuntimeError):
    """The engine's program is not on this machine; the message says how it is brought."""


class NotStarted(RuntimeError):
    """The engine ended or stayed silent at its start; the message has the last lines of its log."""


@dataclass(frozen=True, slots=True)
class Site:
    """Where one engine runs, and with what: all that a kind needs to build its command."""

    folder: Path
    port: int
    spare_ports: tuple[int, ...]
    values: Mapping[str, str] = field(repr=False)
    """What the variables of compose.yaml stand for, passwords among them."""
    service: compose.Service = field(repr=False)


@dataclass(frozen=True, slots=True)
class Launch:
    """The command of an engine. Secrets are in its environment or its files, never among its arguments."""

    command: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)
    user: str | None = None
    """Whom the engine runs as; None is whoever starts it."""
    stop_signal: int = signal.SIGTERM


class Kind(Protocol):
    """What a module of this package knows about one sort of engine; the module itself is the object."""

    SERVICE: str
    """Its name in compose.yaml."""
    SPARE_PORTS: int
    """How many ports it needs beside the one in its URL."""

    def missing(self) -> str | None:
        """What is not installed and how to bring it, or None. Quick, and without network."""
        ...

    def launch(self, site: Site) -> Launch:
        """Write the configuration, make the data directory where there is none yet, and say how to start."""
        ...

    def url(self, site: Site) -> str:
        """The URL of the running engine, with its password, as Janus takes it."""
        ...

    def answers(self, site: Site) -> bool:
        """Whether it does its work now. Never raises for an engine that is down."""
        ...


def program(*names: str, folders: tuple[str, ...] = ()) -> str | None:
    """The path of the first of these programs that is installed, looked for in PATH and in `folders`."""
    path = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin", *folders])
    for name in names:
        if found := shutil.which(name, path=path):
            return found
    return None
