"""A project with documents, runs, answers and a graph, and a way to say all that a profile's stores hold."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from janus_lab import open_lab
from janus_lab.compose.migrating import _open_side
from janus_lab.migration.side import ALL, Side
from janus_lab.settings import load_settings
from janus_lab.values.graph import Entity, Relation

EMBEDDED = """\
relational_url = "sqlite:///{home}/NAME/janus.db"
objects_url = "file://{home}/NAME/objects"
vectors_url = "edge://{home}/NAME/vectors"
graph_url = "sqlite:///{home}/NAME/graph.db"
"""


def profile(name: str) -> str:
    """Another embedded profile, in a folder of its own."""
    return f"[profiles.{name}]\n{EMBEDDED.replace('NAME', name)}\n"


@pytest.fixture(scope="session")
def filled(tmp_path_factory: pytest.TempPathFactory, samples: Path) -> Path:
    """A project with the sample corpus ingested into two collections, asked, edited, asked again; never written to."""
    folder = tmp_path_factory.mktemp("filled") / "a próject"
    shutil.copytree(samples / "corpus", folder / "corpus")
    home = folder / ".janus"
    with open_lab(home, inline=True) as lab:
        lab.ingest(folder / "corpus")
        lab.ask("What was the total budget of the station for 2024?")
        note = folder / "note #1.txt"
        note.write_text("The gauge of Lund stands at 12 metres.")
        lab.ingest(note, collection="notes")
        lab.ask("Where does the gauge of Lund stand?", collection="notes")
        note.write_text("The gauge of Lund stands at 15 metres.")
        lab.ingest(note, collection="notes")
        lab.search("gauge", collection="notes")
    with opened(home, "embedded") as side:
        chunks = sorted(side.chunk_ids(list(side.documents.iterate("default"))))[:40]
        entities = [Entity(f"e{n}", f"entity {n}", "kind", "", {"rank": n}, (chunk,)) for n, chunk in enumerate(chunks)]
        relations = [
            Relation(f"r{n}", f"e{n}", f"e{n + 1}", "near", "", 0.5 + n, {}, (chunks[n],))
            for n in range(len(chunks) - 1)
        ]
        side.graph.upsert("default", entities, relations)
    return folder


class opened:  # noqa: N801 - used as a function
    """A profile's stores, open inside a `with` block."""

    def __init__(self, home: Path, name: str) -> None:
        self._home, self._name, self._resources = home, name, ExitStack()

    def __enter__(self) -> Side:
        return _open_side(load_settings(self._home, profile=self._name), self._resources)

    def __exit__(self, *error: object) -> None:
        self._resources.close()


@pytest.fixture
def project(filled: Path, tmp_path: Path) -> Path:
    """A copy of the filled project, with the embedded profiles `other` and `back`."""
    folder = tmp_path / "a próject"
    shutil.copytree(filled, folder)
    (folder / "janus.toml").write_text(profile("other") + profile("back"), encoding="utf-8")
    return folder


@pytest.fixture
def opened_side(project: Path) -> Callable[[str], opened]:
    """Opens a profile's stores in a `with` block."""
    return lambda name: opened(project / ".janus", name)


@pytest.fixture
def holdings(project: Path) -> Callable[[str], dict[str, Any]]:
    """Says all that a profile's stores hold, in values that can be compared."""

    def tell(name: str) -> dict[str, Any]:
        with opened(project / ".janus", name) as side:
            return everything(side)

    return tell


def everything(side: Side) -> dict[str, Any]:
    documents = sorted(side.documents.iterate(), key=lambda document: document.id)
    chunk_ids = side.documents.chunk_ids([document.id for document in documents])
    chunks = side.documents.chunks([chunk for ids in chunk_ids.values() for chunk in ids])
    runs = sorted(side.ledger.find(parent=None, limit=ALL), key=lambda run: run.id)
    return {
        "documents": documents,
        "chunks": sorted(chunks, key=lambda chunk: chunk.id),
        "texts": {d.version_id: side.documents.text(d.version_id, 0, d.characters) for d in documents},
        "boxes": {d.version_id: side.documents.boxes(d.version_id, 0, d.characters) for d in documents},
        "found": [d.id for d in side.documents.find("default", words="station", limit=5)],
        "stamps": {
            name: side.sources.stamps(name, {d.origin.partition("#")[0] for d in documents})
            for name in side.collections()
        },
        "runs": runs,
        "steps": {run.id: [(s.key, s.effect) for s in side.ledger.steps(run.id)] for run in runs},
        "objects": {key: side.objects.size(key) for key in side.objects.keys()},  # noqa: SIM118 - no dictionary
        "embeddings": {
            name: {
                chunk: embedding.round(5).tolist()
                for chunk, embedding in side.vectors.embeddings(name, side.vectors.ids(name)).items()
            }
            for name in side.vectors.collections()
        },
        "graph": {
            name: sorted((item for item in side.graph.iterate(name)), key=lambda item: item.id)
            for name in side.collections()
        },
    }


@pytest.fixture
def stack(project: Path, request: pytest.FixtureRequest) -> str:
    """The name of a profile of servers."""
    fixtures = {
        "relational_url": "postgresql_url",
        "redis_url": "server_redis_url",
        "broker_url": "rabbitmq_url",
        "objects_url": "minio_url",
        "vectors_url": "qdrant_url",
        "graph_url": "neo4j_url",
    }
    urls = {name: request.getfixturevalue(fixture) for name, fixture in fixtures.items()}
    with (project / "janus.toml").open("a", encoding="utf-8") as file:
        file.write("[profiles.stack]\n" + "".join(f'{name} = "{url}"\n' for name, url in urls.items()))
    (project / "janus.toml").chmod(0o600)
    return "stack"
