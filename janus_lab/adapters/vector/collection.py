"""Collections on disk: a folder a generation, with the engine's shard and a note of what it holds, and who serves."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import qdrant_edge as edge

from janus_lab.adapters.vector.words import Words
from janus_lab.errors import DataTooNew
from janus_lab.values.ids import content_id
from janus_lab.values.index_generation import IndexGeneration, IndexModel

DENSE, SPARSE = "dense", "sparse"
MAKING = "making-"
"""Beginning of the names of folders whose collection is not whole yet, or no longer."""

LAYOUT = 3
"""Grows whenever older code could no longer read what is written. 3 knows more than one generation, each of a model of its own."""
FIRST = 1
"""The number of a collection's first generation."""

_NOTE = "collection.json"
_SHARD = "shard"
_SERVING = ".serving"
_NEVER = 2**40


@dataclass(frozen=True, slots=True)
class Note:
    """What a generation's folder says of itself."""

    name: str
    dimensions: int
    words: Words
    number: int = FIRST
    model: IndexModel | None = None
    made_by: str = ""

    def generation(self, *, serving: bool) -> IndexGeneration:
        """The generation in the port's words."""
        return IndexGeneration(self.name, self.number, self.dimensions, serving, self.model, self.made_by)


def folder(root: Path, name: str, number: int = FIRST) -> Path:
    """Where a generation of a collection of any name lies."""
    return root / (content_id("collection", name) + (f"-g{number}" if number > FIRST else ""))


def notes(root: Path) -> Iterator[Note]:
    """Every whole generation under `root`."""
    for path in root.glob(f"*/{_NOTE}"):
        if not path.parent.name.startswith(MAKING):
            yield _read(path)


def note(root: Path, name: str, number: int) -> Note | None:
    """What one generation's folder says; None if there is none."""
    path = folder(root, name, number) / _NOTE
    return _read(path) if path.exists() else None


def load(root: Path, found: Note) -> edge.EdgeShard:
    """The shard of a generation, opened."""
    return edge.EdgeShard.load(str(folder(root, found.name, found.number) / _SHARD))


def make(root: Path, new: Note) -> None:
    """Make an empty generation; a crash on the way leaves only a folder that `sweep` removes."""
    final = folder(root, new.name, new.number)
    making = final.with_name(MAKING + final.name)
    shutil.rmtree(making, ignore_errors=True)
    (making / _SHARD).mkdir(parents=True)
    edge.EdgeShard.create(str(making / _SHARD), _config(new.dimensions)).close()
    (making / _NOTE).write_text(_as_json(new), encoding="utf-8")
    making.replace(final)


def write(root: Path, changed: Note) -> None:
    """Put a note in the place of the one that a generation has: at once, or after a crash not at all."""
    path = folder(root, changed.name, changed.number) / _NOTE
    _put(path.with_name(MAKING + path.name), path, _as_json(changed))


def remove(root: Path, name: str, number: int) -> None:
    """Remove a generation; a crash on the way leaves only a folder that `sweep` removes."""
    final = folder(root, name, number)
    if not final.exists():
        return
    doomed = final.with_name(MAKING + final.name)
    shutil.rmtree(doomed, ignore_errors=True)
    final.replace(doomed)
    shutil.rmtree(doomed)


def sweep(root: Path) -> None:
    """Remove what an interrupted `make` or `remove` left."""
    for path in root.glob(f"{MAKING}*"):
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()


def serving(root: Path, name: str) -> int:
    """The number of the generation that serves."""
    path = _pointer(root, name)
    return int(path.read_text(encoding="ascii")) if path.exists() else FIRST


def serve(root: Path, name: str, number: int) -> None:
    """Let this generation serve from now on: at once, or after a crash not at all."""
    path = _pointer(root, name)
    _put(path.with_name(MAKING + path.name), path, str(number))


def _put(making: Path, path: Path, text: str) -> None:
    with making.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    making.replace(path)
    directory = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)


def _pointer(root: Path, name: str) -> Path:
    return root / (content_id("collection", name) + _SERVING)


def _read(path: Path) -> Note:
    data = json.loads(path.read_text(encoding="utf-8"))
    if data["layout"] > LAYOUT:
        raise DataTooNew(
            f"{path.parent} was written by a newer Janus Lab (layout {data['layout']}, this one knows {LAYOUT})",
            remedy="upgrade with `pip install -U janus-lab`, or choose another data directory with JANUS_HOME",
        )
    model = IndexModel(**data["model"]) if data.get("model") else None
    words, made_by = Words(**data["words"]), data.get("made_by", "")
    return Note(data["name"], data["dimensions"], words, data.get("number", FIRST), model, made_by)


def _as_json(note: Note) -> str:
    layout = LAYOUT if note.number > FIRST else FIRST
    return json.dumps({"layout": layout, **asdict(note)})


def _config(dimensions: int) -> edge.EdgeConfig:
    # Exact search is the fastest below 100,000 points; an index of graphs would only cost time and recall.
    return edge.EdgeConfig(
        vectors={DENSE: edge.EdgeVectorParams(size=dimensions, distance=edge.Distance.Cosine)},
        sparse_vectors={SPARSE: edge.EdgeSparseVectorParams(modifier=edge.Modifier.Idf)},
        optimizers=edge.EdgeOptimizersConfig(indexing_threshold=_NEVER),
        # Without it a crash loses points, and nothing keeps a second process out.
        wal_enabled=True,
    )
