"""Which documents a user means by an id, an origin, a path, a folder or a key."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from janus_lab.errors import UserError
from janus_lab.ingest.sources import origin_of
from janus_lab.ports.documents import DocumentStore
from janus_lab.values.document import Document
from janus_lab.values.path import user_path

EVERYTHING = 1_000_000


def one_document(documents: DocumentStore, name: str, collection: str | None, root: Path | None) -> Document:
    """The document of that id, unique id prefix, origin, key or path. Raises NotFound, or UserError when several bear the name.

    A path is one from the current folder, or absolute; origins are relative to `root`.
    """
    every = list(documents.iterate(collection))
    named = [d for d in every if name in (d.origin, d.key, d.id)]
    if not named:
        origins = _origins(name, root)
        named = [d for d in every if d.origin in origins]
    if len(named) > 1:
        places = ", ".join(sorted({d.collection for d in named}))
        raise UserError(
            f"{len(named)} documents are called {name!r} (in {places})", remedy="give the document's id instead"
        )
    return named[0] if named else documents.get(name)


def named_documents(
    documents: DocumentStore, names: Iterable[str], collection: str | None, root: Path | None
) -> list[Document]:
    """The named documents, each once; an origin or path that is a folder or a larger file stands for all it holds."""
    chosen: dict[str, Document] = {}
    for name in names:
        found = next(filter(None, (_held_by(documents, origin, collection) for origin in _origins(name, root))), None)
        chosen.update((d.id, d) for d in found or [one_document(documents, name, collection, root)])
    return list(chosen.values())


def _held_by(documents: DocumentStore, origin: str, collection: str | None) -> list[Document]:
    below = documents.find(collection, origin_prefix=origin.rstrip("/") + "/", limit=EVERYTHING)
    return below + documents.find(collection, origin_prefix=origin + "#", limit=EVERYTHING)


def _origins(name: str, root: Path | None) -> tuple[str, ...]:
    """The origins that a name may stand for: itself first, then those it has as a path, with and without a key."""
    file, sign, key = name.partition("#")
    as_path = [origin_of(user_path(path), root) for path in (name, file)]
    return tuple(dict.fromkeys((name, as_path[0], as_path[1] + sign + key)))
