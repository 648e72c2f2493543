"""Opening stores by their URLs, into an ExitStack that closes them in reverse."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from janus_lab.adapters.disk import disk_errors
from janus_lab.errors import DiskFull
from janus_lab.ports.documents import DocumentStore
from janus_lab.ports.ledger import Ledger
from janus_lab.schemes import factory
from janus_lab.settings import Settings

NEEDED_BYTES = 1_000_000
"""With less than this, stores can write no more."""


@dataclass(frozen=True, slots=True)
class Shared:
    """Stores that clients and workers both open."""

    ledger: Ledger
    documents: Any
    """DocumentStore and Census on one adapter."""


def open_shared(settings: Settings, resources: ExitStack) -> Shared:
    """Open the ledger and the document store."""
    make_home(settings.home)
    url = settings.url("relational_url")
    ledger: Ledger = resources.enter_context(factory("ledger", url)(url))
    documents: DocumentStore = resources.enter_context(factory("documents", url)(url))
    return Shared(ledger, documents)


def opened_once(port: str, url: str, resources: ExitStack) -> Callable[[], Any]:
    """A function that opens a store when it is first called, into `resources`, and gives the same one ever after."""
    lock = threading.Lock()
    opened: list[Any] = []

    def give() -> Any:
        with lock:
            if not opened:
                opened.append(resources.enter_context(factory(port, url)(url)))
            return opened[0]

    return give


def full_disk(home: Path) -> DiskFull | None:
    """The error that a data directory on a full disk is, or None."""
    if shutil.disk_usage(home).free >= NEEDED_BYTES:
        return None
    return DiskFull(
        f"no space is left where the data directory {home} lies",
        remedy="free some space; then `janus runs` shows what is to be retried, and open runs go on by themselves",
    )


def make_home(home: Path) -> None:
    """Make the data directory, for its owner only. Raises DataDirectoryUnusable or DiskFull."""
    with disk_errors(home):
        home.mkdir(parents=True, exist_ok=True, mode=0o700)
