"""Whole labs: real engine rooms with real models, on the embedded stores and on servers, and projects of files to ingest."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from janus_lab import Lab, open_lab
from tests.end_to_end.hosts import Host

SUBJECTS = ("the lidar", "a snow gauge", "the north mast", "one gravimeter", "the old pump", "a solar panel")
VERBS = ("was calibrated in", "was moved during", "failed twice in", "was paid for in", "was repaired after")
TIMES = ("the spring of", "the second week of", "the storms of", "the last days of")


def write_reports(folder: Path, count: int, *, sentences: int = 30) -> Path:
    """Write `count` text files of about 2,000 characters each, the same at every call."""
    folder.mkdir(parents=True, exist_ok=True)
    dice = random.Random(7)
    for number in range(count):
        lines = [
            f"In case {number}-{line}, {dice.choice(SUBJECTS)} {dice.choice(VERBS)} {dice.choice(TIMES)} {1950 + dice.randrange(70)}."
            for line in range(sentences)
        ]
        (folder / f"report-{number:04}.txt").write_text(" ".join(lines), encoding="utf-8")
    return folder


def contents(lab: Lab) -> set[tuple[str, str, int]]:
    """What a lab holds, in terms that are the same in every lab that ingested the same files."""
    return {(d.origin, d.version_id, d.chunks) for d in lab.documents(limit=100_000)}


@pytest.fixture
def project(tmp_path) -> Path:
    """A project folder with a data directory of its own, so that origins are relative to it."""
    (tmp_path / "project" / ".janus").mkdir(parents=True)
    return tmp_path / "project"


@pytest.fixture
def new_lab() -> Iterator[Callable[..., Lab]]:
    """Opens labs; at the end their engine rooms are stopped, and must be gone."""
    with ExitStack() as stack:

        def open_one(home: Path, **options) -> Lab:
            lab = open_lab(home, **options)
            stack.callback(lab.close)
            stack.callback(lab.down)
            return lab

        yield open_one


@pytest.fixture
def stack(request) -> dict[str, str]:
    """Settings that name a full set of servers, each of them empty. Without the graph: asking for `neo4j_url` adds it."""
    servers = {
        "relational_url": "postgresql_url",
        "broker_url": "rabbitmq_url",
        "redis_url": "server_redis_url",
        "objects_url": "minio_url",
        "vectors_url": "qdrant_url",
    }
    if "neo4j_url" in request.fixturenames:
        servers["graph_url"] = "neo4j_url"
    return {"profile": "stack"} | {name: request.getfixturevalue(fixture) for name, fixture in servers.items()}


@pytest.fixture
def new_host(tmp_path, stack) -> Iterator[Callable[..., Host]]:
    """Makes hosts of the stack, not started yet; at the end their workers are killed."""
    with ExitStack() as hosts:

        def make(name: str, **settings) -> Host:
            return hosts.enter_context(Host(tmp_path / "hosts" / name, {**stack, **settings}))

        yield make
