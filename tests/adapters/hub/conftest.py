"""A hub's adapter on a cache of its own."""

from __future__ import annotations

import hashlib
from contextlib import ExitStack

import pytest

from janus_lab.adapters.hub import transfer
from janus_lab.adapters.hub.huggingface import open_hub


@pytest.fixture
def opened(hub, tmp_path, monkeypatch):
    """Opens the adapter on the stand-in, as a new process would."""
    monkeypatch.setattr(transfer, "_PAUSE_SECONDS", 0.01)
    with ExitStack() as stack:

        def open_one(url: str = "", **options):
            options = {"cache": tmp_path / "hf", **options}
            return stack.enter_context(open_hub(url or hub.url, hash_of=file_hash, **options))

        yield open_one


def file_hash(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.fixture
def fetched(opened):
    """Fetches a URI, and gives the files with what was told on the way."""

    def fetch(uri: str, *, cancelled=lambda: False, **options):
        told: list[tuple[str, int, int]] = []
        adapter = opened(**options)
        files = adapter.fetch(adapter.find(uri), progress=lambda *what: told.append(what), cancelled=cancelled)
        return files, told

    return fetch
