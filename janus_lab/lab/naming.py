"""Which documents a user means by an id, an origin, a folder or a key."""

from __future__ import annotations

from collections.abc import Iterable

from janus_lab.errors import UserError
from janus_lab.ports.documents import DocumentStore
from janus_lab.values.document import Document

EVERYTHING = 1_000_000


def one_document(documents: DocumentStore, name: str, collection: str | None) -> Document:
    """The document of that id, unique id prefix, origin or key. Raises NotFound, or UserError when several bear the name."""
    named = [d for d in documents.iterate(collection) if name in (d.origin, d.key, d.id)]
    if len(named) > 1:
        places = ", ".join(sorted({d.collection for d in named}))
        raise UserError(
            f"{len(named)} documents are called {name!r} (in {places})", remedy="give the document's id instead"
        )
    return named[0] if named else documents.get(name)


def document_ids(documents: DocumentStore, names: Iterable[str], collection: str | None) -> tuple[str, ...]:
    """Ids of the named documents, each once; an origin that is a folder or a larger file stands for all it holds."""
    chosen: dict[str, None] = {}
    for name in names:
        below = documents.find(collection, origin_prefix=name.rstrip("/") + "/", limit=EVERYTHING)
        inside = documents.find(collection, origin_prefix=name + "#", limit=EVERYTHING)
        found = [*below, *inside] or [one_document(documents, name, collection)]
        chosen.update((document.id, None) for document in found)
    return tuple(chosen)
