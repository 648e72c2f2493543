"""Which generation serves a collection, and what is known of it; several processes make and switch them at once.

The physical collection is the arbiter: the server makes one of a name once, and whoever got it made writes its note. An
alias points at the generation that serves and is changed in one request. What is known is looked up again after a moment,
so that a switch elsewhere is seen.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field, replace

from qdrant_client import models

from janus_lab.adapters.vector import complaints
from janus_lab.adapters.vector.payload import DOCUMENT_KEY, IndexKind
from janus_lab.adapters.vector.server import layout, names
from janus_lab.adapters.vector.server.client import Server
from janus_lab.adapters.vector.server.notes import Note, Notes
from janus_lab.adapters.vector.server.refusals import is_conflict, is_missing
from janus_lab.adapters.vector.words import WordModel, Words
from janus_lab.errors import StoreFailed
from janus_lab.values.index_generation import IndexGeneration, IndexModel, generation_named

_FRESH_SECONDS = 2.0
"""So long a switch by another process may go unseen by searches; writes look every time."""
_NOTE_SECONDS = 15.0
"""So long we wait for the note of whoever just made a generation; then it is taken for dead."""
_PAUSE_SECONDS = 0.05


@dataclass(slots=True)
class Served:
    """A generation that is there, as last seen."""

    note: Note
    words: WordModel
    points: int
    seen_at: float
    indexed: set[str] = field(default_factory=set)


class Catalog:
    """Generations by name; safe from several threads."""

    def __init__(self, server: Server, words: Words) -> None:
        self._server = server
        self._prefix = server.address.prefix
        self._notes = Notes(server)
        self._words = words
        self._seen: dict[str, Served] = {}
        self._lock = threading.Lock()

    def find(self, name: str) -> Served | None:
        """The generation that serves under this name, or the very one it names; None if there is none."""
        seen = self._seen.get(name)
        if seen and time.monotonic() - seen.seen_at < _FRESH_SECONDS:
            return seen
        return self._look(name, seen)

    def forget(self, name: str) -> None:
        """Look again the next time."""
        with self._lock:
            self._seen.pop(name, None)

    def expect(self, name: str, dimensions: int) -> None:
        """Look again if what was last seen has other dimensions: it may have been dropped and made anew elsewhere."""
        if (seen := self._seen.get(name)) and seen.note.dimensions != dimensions:
            self.forget(name)

    def serves_still(self, name: str, there: Served) -> bool:
        """Whether what was just written went where searches look; forgets the name otherwise."""
        if self._physical(name) == there.note.physical:
            return True
        self.forget(name)
        return False

    def ensure(self, collection: str, dimensions: int, model: IndexModel | None) -> None:
        """Make the collection if it is not there; harmless in several processes at once. Raises StoreFailed for other dimensions."""
        self.expect(collection, dimensions)
        there = self.find(collection)
        if there is None:
            first = names.physical(self._prefix, collection, 1)
            made = self._make(first, dimensions)
            note = None if made else self._awaited_note(first)
            if note is None:
                there_dimensions = dimensions if made else self._dimensions(first)
                note = Note(first, collection, 1, there_dimensions, self._words, model)
                self._notes.write(note)
            if self._physical(collection) is None:
                self._point(collection, first)
            self.forget(collection)
            there = self.find(collection)
        if there is not None and there.note.dimensions != dimensions:
            raise complaints.other_dimensions(collection, there.note.dimensions, dimensions)
        if there is not None and there.note.model is None and model is not None:
            there.note = replace(there.note, model=model)
            self._notes.write(there.note)

    def collections(self) -> list[str]:
        """The collections there are, by name."""
        return [generation.collection for generation in self.serving()]

    def serving(self) -> list[IndexGeneration]:
        """The generation that serves each collection, by collection."""
        served = self._aliases()
        notes = [n for n in self._notes.every() if served.get(names.alias(self._prefix, n.collection)) == n.physical]
        return sorted((note.generation(serving=True) for note in notes), key=lambda one: one.collection)

    def prepare(self, collection: str, dimensions: int, model: IndexModel | None, made_by: str) -> IndexGeneration:
        """Make a new, empty generation beside the one that serves."""
        if self._physical(collection) is None:
            raise complaints.no_collection(collection)
        number = max((g.number for g in self.generations(collection)), default=0) + 1
        while not self._make(physical := names.physical(self._prefix, collection, number), dimensions):
            number += 1
        note = Note(physical, collection, number, dimensions, self._words, model, made_by)
        self._notes.write(note)
        return note.generation(serving=False)

    def switch(self, collection: str, number: int) -> None:
        """Let this generation serve from now on."""
        physical = names.physical(self._prefix, collection, number)
        if self._notes.read(physical) is None or physical not in self._physicals():
            raise complaints.no_generation(collection, number)
        self._point(collection, physical)
        self.forget(collection)

    def drop(self, collection: str, number: int) -> None:
        """Remove a generation that does not serve."""
        physical = names.physical(self._prefix, collection, number)
        if physical not in self._physicals():
            return
        if self._physical(collection) == physical:
            raise complaints.still_serving(collection, number)
        timeout = self._server.address.timeout_seconds
        self._server.ask(lambda q: q.delete_collection(physical, timeout=timeout))
        self._notes.remove(physical)
        self.forget(IndexGeneration(collection, number, 0, serving=False).name)

    def generations(self, collection: str) -> list[IndexGeneration]:
        """The generations of a collection, oldest first."""
        serving = self._physical(collection)
        found = [(names.number(self._prefix, collection, name), name) for name in self._physicals()]
        notes = {note.physical: note for note in self._notes.every()}
        made = [(number, name, notes.get(name)) for number, name in found if number is not None]
        return sorted(
            (
                note.generation(serving=name == serving)
                if note
                # Whoever made it died before its note was written: it has no model either.
                else IndexGeneration(collection, number, self._dimensions(name), name == serving)
                for number, name, note in made
            ),
            key=lambda generation: generation.number,
        )

    def index(self, there: Served, key: str, kind: IndexKind) -> None:
        """Make sure that a key is indexed before a condition needs it."""
        if key not in there.indexed:
            schema = models.PayloadSchemaType(kind.value)
            self._server.write(lambda q: q.create_payload_index(there.note.physical, key, schema, wait=True))
            there.indexed.add(key)

    def _look(self, name: str, seen: Served | None) -> Served | None:
        physical = self._physical(name)
        if physical is None:
            self.forget(name)
            return None
        # A generation that was dropped may have been made again with its number; one that serves or has served never is.
        known = seen is not None and seen.note.physical == physical and generation_named(name)[1] is None
        note = seen.note if seen and known else self._notes.read(physical)
        info = self._info(physical)
        if note is None or info is None:
            self.forget(name)
            return None
        words = seen.words if seen and seen.note == note else WordModel(note.words)
        served = Served(note, words, info.points_count or 0, time.monotonic(), set(info.payload_schema))
        with self._lock:
            # Whoever asks what serves asks for that very generation next.
            self._seen[name] = self._seen[note.generation(serving=True).name] = served
        return served

    def _physical(self, name: str) -> str | None:
        collection, number = generation_named(name)
        if number is not None:
            return names.physical(self._prefix, collection, number)
        return self._aliases().get(names.alias(self._prefix, collection))

    def _make(self, physical: str, dimensions: int) -> bool:
        """Make an empty generation; False if there is one of that name."""
        try:
            self._server.ask(lambda q: layout.create(q, physical, dimensions, self._server.address))
        except StoreFailed as error:
            # Two that ask in the same instant: not every version tells the second one of a conflict.
            if is_conflict(error) or self._info(physical):
                return False
            raise
        self._server.write(
            lambda q: q.create_payload_index(physical, DOCUMENT_KEY, models.PayloadSchemaType.KEYWORD, wait=True)
        )
        return True

    def _awaited_note(self, physical: str) -> Note | None:
        deadline = time.monotonic() + _NOTE_SECONDS
        while (note := self._notes.read(physical)) is None and time.monotonic() < deadline:
            time.sleep(_PAUSE_SECONDS)
        return note

    def _point(self, collection: str, physical: str) -> None:
        alias = names.alias(self._prefix, collection)
        # Only this one action: the server writes its aliases to disk once for each, and a new target replaces the old one.
        # Taking the alias away first would leave none if the server died in between.
        change = models.CreateAlias(collection_name=physical, alias_name=alias)
        timeout = self._server.address.timeout_seconds
        self._server.ask(
            lambda q: q.update_collection_aliases([models.CreateAliasOperation(create_alias=change)], timeout=timeout)
        )

    def _aliases(self) -> dict[str, str]:
        return {a.alias_name: a.collection_name for a in self._server.ask(lambda q: q.get_aliases()).aliases}

    def _physicals(self) -> list[str]:
        return [c.name for c in self._server.ask(lambda q: q.get_collections()).collections]

    def _info(self, physical: str) -> models.CollectionInfo | None:
        try:
            return self._server.ask(lambda q: q.get_collection(physical))
        except StoreFailed as error:
            if is_missing(error):
                return None
            raise

    def _dimensions(self, physical: str) -> int:
        info = self._info(physical)
        return layout.dimensions(info) if info else 0
