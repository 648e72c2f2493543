"""One collection on disk: a folder with the engine's shard and a note of what it holds."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import qdrant_edge as edge

from janus_lab.adapters.vector.words import Words
from janus_lab.errors import DataTooNew
from janus_lab.values.ids import content_id

DENSE, SPARSE = "dense", "sparse"
MAKING = "making-"
"""Beginning of the names of folders whose collection is not whole yet."""

LAYOUT = 1
"""Grows whenever older code could no longer read what is written."""

_NOTE = "collection.json"
_SHARD = "shard"
_NEVER = 2**40


@dataclass(frozen=True, slots=True)
class Note:
    """What a collection's folder says of itself."""

    name: str
    dimensions: int
    words: Words


def folder(root: Path, name: str) -> Path:
    """Where a collection of any name lies."""
    return root / content_id("collection", name)


def notes(root: Path) -> Iterator[Note]:
    """Every whole collection under `root`."""
    for path in root.glob(f"*/{_NOTE}"):
        if not path.parent.name.startswith(MAKING):
            yield _read(path)


def load(root: Path, name: str) -> tuple[Note, edge.EdgeShard] | None:
    """A collection with its shard, opened; None if there is none."""
    path = folder(root, name)
    if not (path / _NOTE).exists():
        return None
    return _read(path / _NOTE), edge.EdgeShard.load(str(path / _SHARD))


def make(root: Path, note: Note) -> None:
    """Make an empty collection; a crash on the way leaves only a folder that `sweep` removes."""
    final = folder(root, note.name)
    making = final.with_name(MAKING + final.name)
    shutil.rmtree(making, ignore_errors=True)
    (making / _SHARD).mkdir(parents=True)
    edge.EdgeShard.create(str(making / _SHARD), _config(note.dimensions)).close()
    (making / _NOTE).write_text(json.dumps({"layout": LAYOUT, **asdict(note)}), encoding="utf-8")
    making.replace(final)


def sweep(root: Path) -> None:
    """Remove what an interrupted `make` left."""
    for path in root.glob(f"{MAKING}*"):
        shutil.rmtree(path)


def _read(path: Path) -> Note:
    data = json.loads(path.read_text(encoding="utf-8"))
    if data["layout"] > LAYOUT:
        raise DataTooNew(
            f"{path.parent} was written by a newer Janus Lab (layout {data['layout']}, this one knows {LAYOUT})",
            remedy="upgrade with `pip install -U janus-lab`, or choose another data directory with JANUS_HOME",
        )
    return Note(data["name"], data["dimensions"], Words(**data["words"]))


def _config(dimensions: int) -> edge.EdgeConfig:
    # Exact search is the fastest below 100,000 points; an index of graphs would only cost time and recall.
    return edge.EdgeConfig(
        vectors={DENSE: edge.EdgeVectorParams(size=dimensions, distance=edge.Distance.Cosine)},
        sparse_vectors={SPARSE: edge.EdgeSparseVectorParams(modifier=edge.Modifier.Idf)},
        optimizers=edge.EdgeOptimizersConfig(indexing_threshold=_NEVER),
        # Without it a crash loses points, and nothing keeps a second process out.
        wal_enabled=True,
    )
