"""Notes on our collections, kept in a collection beside them: what each holds, and how its words were weighed.

Servers keep metadata of a collection only since 1.16, so notes are points of their own, which every server keeps.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from typing import Any

from qdrant_client import models

from janus_lab.adapters.vector.server.client import Server
from janus_lab.adapters.vector.server.refusals import is_conflict, is_missing
from janus_lab.adapters.vector.words import Words
from janus_lab.errors import DataTooNew, StoreFailed
from janus_lab.values.ids import content_id, point_id
from janus_lab.values.index_generation import IndexGeneration, IndexModel

LAYOUT = 2
"""Grows whenever older code could no longer read what is written. 2 knows generations that are each of a model of their own."""
_FIRST = 1
_PAGE = 1000
_VECTOR = "none"


@dataclass(frozen=True, slots=True)
class Note:
    """What a generation holds; `physical` is its name on the server."""

    physical: str
    collection: str
    number: int
    dimensions: int
    words: Words
    model: IndexModel | None = None
    made_by: str = ""

    def generation(self, *, serving: bool) -> IndexGeneration:
        """The generation in the port's words."""
        return IndexGeneration(self.collection, self.number, self.dimensions, serving, self.model, self.made_by)


class Notes:
    """Notes by the physical name of a generation."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._name = f"{server.address.prefix}-notes"

    def read(self, physical: str) -> Note | None:
        """The note on a generation; None if there is none."""
        try:
            found = self._server.ask(lambda q: q.retrieve(self._name, [_id(physical)], with_payload=True))
        except StoreFailed as error:
            if is_missing(error):
                return None
            raise
        return next(self._notes(found), None)

    def every(self) -> list[Note]:
        """All notes there are."""
        notes: list[Note] = []
        offset: Any = None
        while True:
            page, offset = self._page(offset)
            notes.extend(self._notes(page))
            if offset is None:
                return notes

    def write(self, note: Note) -> None:
        """Keep a note, in place of an older one on the same generation."""
        self._make()
        payload = {"layout": LAYOUT if note.number > _FIRST else _FIRST, **asdict(note)}
        point = models.PointStruct(id=_id(note.physical), vector={_VECTOR: [0.0]}, payload=payload)
        self._server.write(lambda q: q.upsert(self._name, [point], wait=True, ordering=models.WriteOrdering.STRONG))

    def remove(self, physical: str) -> None:
        """Forget a generation."""
        ids = models.PointIdsList(points=[_id(physical)])
        self._server.write(lambda q: q.delete(self._name, ids, wait=True, ordering=models.WriteOrdering.STRONG))

    def _page(self, offset: Any) -> tuple[list[models.Record], Any]:
        try:
            return self._server.ask(lambda q: q.scroll(self._name, limit=_PAGE, offset=offset, with_payload=True))
        except StoreFailed as error:
            if is_missing(error):
                return [], None
            raise

    def _make(self) -> None:
        vectors = {_VECTOR: models.VectorParams(size=1, distance=models.Distance.DOT)}
        try:
            self._server.ask(lambda q: q.create_collection(self._name, vectors_config=vectors))
        except StoreFailed as error:
            if not is_conflict(error) and not self._server.ask(lambda q: q.collection_exists(self._name)):
                raise

    def _notes(self, records: Iterable[models.Record]) -> Iterator[Note]:
        for record in records:
            payload = record.payload or {}
            if payload["layout"] > LAYOUT:
                raise DataTooNew(
                    f"the vectors at {self._server.address.shown} were written by a newer Janus Lab",
                    remedy="upgrade with `pip install -U janus-lab`, or choose another `prefix` in vectors_url",
                )
            words = Words(**payload["words"])
            model = IndexModel(**payload["model"]) if payload.get("model") else None
            collection, number, dimensions = payload["collection"], payload["number"], payload["dimensions"]
            made_by = payload.get("made_by", "")
            yield Note(payload["physical"], collection, number, dimensions, words, model, made_by)


def _id(physical: str) -> str:
    return point_id(content_id("vector note", physical))
