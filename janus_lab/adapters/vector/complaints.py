"""Complaints that every vector store makes in the same words."""

from __future__ import annotations

from janus_lab.errors import NotFound, SettingsError, StoreFailed, UsageError


def no_collection(name: str) -> NotFound:
    """The error for a collection that must be there and is not."""
    return NotFound(f"there is no collection {name!r}", remedy="ingest something into it first")


def no_generation(collection: str, number: int) -> NotFound:
    """The error for a generation that must be there and is not."""
    return NotFound(
        f"collection {collection!r} has no index generation {number}", remedy="prepare one, fill it, then switch to it"
    )


def still_serving(collection: str, number: int) -> UsageError:
    """The error for dropping the generation that answers searches."""
    return UsageError(
        f"index generation {number} of collection {collection!r} serves", remedy="switch to another one, then drop it"
    )


def other_dimensions(collection: str, there: int, wanted: int) -> StoreFailed:
    """The error for a collection that was made for another embedding model."""
    return StoreFailed(
        f"collection {collection!r} holds embeddings of {there} numbers, not {wanted}",
        remedy="use another collection, or the embedding model that this one was made with",
    )


def bad_words(words: object, reason: object) -> SettingsError:
    """The error for settings that BM25 does not take."""
    return SettingsError(f"BM25 can't work with {words}: {reason}", remedy="choose other words settings")
