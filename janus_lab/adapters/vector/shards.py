"""The shards of one folder, opened at first use, and which generation of a collection serves."""

from __future__ import annotations

import threading
from dataclasses import dataclass, replace
from pathlib import Path

import qdrant_edge as edge

from janus_lab.adapters.vector import collection as on_disk
from janus_lab.adapters.vector import complaints
from janus_lab.adapters.vector.collection import Note
from janus_lab.adapters.vector.refusals import check_room, refusals
from janus_lab.adapters.vector.words import WordModel, Words
from janus_lab.errors import StoreFailed
from janus_lab.values.index_generation import IndexGeneration, IndexModel, generation_named

_FLUSH_AFTER = 20_000


@dataclass(slots=True)
class OpenShard:
    """A generation that is open."""

    note: Note
    shard: edge.EdgeShard
    words: WordModel
    unflushed: int = 0

    def flush_some(self, changes: int) -> None:
        """Let the log be cut off now and then: what stands in it is done again whenever the shard is opened."""
        self.unflushed += changes
        if self.unflushed >= _FLUSH_AFTER:
            self.unflushed = 0
            self.shard.flush()


class Shards:
    """Generations by collection; safe from several threads."""

    def __init__(self, root: Path, words: Words) -> None:
        self.root = root
        self._words = words
        self._open: dict[tuple[str, int], OpenShard] = {}
        self._serving: dict[str, int] = {}
        self._lock = threading.RLock()
        self._closed = False

    def ensure(self, collection: str, dimensions: int, model: IndexModel | None) -> None:
        """Make the collection if it is not there. Raises StoreFailed if it has other dimensions."""
        with self._lock:
            there = self.find(collection)
            if there is None:
                self._make(Note(collection, dimensions, self._words, model=model))
            elif there.note.dimensions != dimensions:
                raise complaints.other_dimensions(collection, there.note.dimensions, dimensions)
            elif there.note.model is None and model is not None:
                there.note = replace(there.note, model=model)
                with refusals(self.root):
                    on_disk.write(self.root, there.note)

    def prepare(self, collection: str, dimensions: int, model: IndexModel | None, made_by: str) -> IndexGeneration:
        """Make a new, empty generation beside the one that serves."""
        with self._lock:
            self.required(collection)
            number = max(g.number for g in self.generations(collection)) + 1
            new = Note(collection, dimensions, self._words, number, model, made_by)
            self._make(new)
            return new.generation(serving=False)

    def switch(self, collection: str, number: int) -> None:
        """Let this generation serve from now on."""
        with self._lock, refusals(self.root):
            if on_disk.note(self.root, collection, number) is None:
                raise complaints.no_generation(collection, number)
            on_disk.serve(self.root, collection, number)
            self._serving[collection] = number

    def drop(self, collection: str, number: int) -> None:
        """Remove a generation that does not serve."""
        with self._lock, refusals(self.root):
            if number == self._serves(collection) and on_disk.note(self.root, collection, number):
                raise complaints.still_serving(collection, number)
            if there := self._open.pop((collection, number), None):
                there.shard.close()
            on_disk.remove(self.root, collection, number)

    def generations(self, collection: str) -> list[IndexGeneration]:
        """The generations of a collection, oldest first."""
        with self._lock, refusals(self.root):
            serves = self._serves(collection)
            mine = [note for note in on_disk.notes(self.root) if note.name == collection]
        return sorted((n.generation(serving=n.number == serves) for n in mine), key=lambda g: g.number)

    def collections(self) -> list[str]:
        """The collections there are, by name."""
        with refusals(self.root):
            return sorted({note.name for note in on_disk.notes(self.root)})

    def find(self, name: str) -> OpenShard | None:
        """The generation that serves under this name, or the very one that it names; None if there is none."""
        collection, number = generation_named(name)
        key = collection, number or self._serving.get(collection, 0)
        if there := self._open.get(key):
            return there
        with self._lock:
            if self._closed:
                raise StoreFailed(f"the vectors in {self.root} have been closed", remedy="open them again")
            with refusals(self.root):
                key = collection, number or self._serves(collection)
                note = on_disk.note(self.root, *key)
                if note is not None and key not in self._open:
                    self._open[key] = OpenShard(note, on_disk.load(self.root, note), WordModel(note.words))
            return self._open.get(key)

    def required(self, name: str) -> OpenShard:
        """Like `find`. Raises NotFound if there is none."""
        there = self.find(name)
        if there is None:
            raise complaints.no_collection(name)
        return there

    def close(self) -> None:
        """Flush and close every shard."""
        with self._lock:
            self._closed = True
            while self._open:
                _, there = self._open.popitem()
                with refusals(self.root):
                    there.shard.flush()
                    there.shard.close()

    def _make(self, note: Note) -> None:
        check_room(self.root)
        with refusals(self.root):
            on_disk.make(self.root, note)

    def _serves(self, collection: str) -> int:
        if collection not in self._serving:
            self._serving[collection] = on_disk.serving(self.root, collection)
        return self._serving[collection]
