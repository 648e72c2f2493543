"""What a step notes in the ledger before it changes the stores, because afterwards they no longer tell."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import chain
from typing import Any

from janus_lab.values.codec import from_json, to_json

_SUFFIX = "-note"


@dataclass(frozen=True, slots=True)
class Note:
    """What a step adds and makes superfluous: points, documents, and original bytes that may still be needed elsewhere.

    `origins` are the step's sources: whoever tidies up by the note holds them.
    """

    added: tuple[str, ...] = ()
    gone: tuple[str, ...] = ()
    documents: tuple[str, ...] = ()
    superseded: tuple[str, ...] = ()
    origins: tuple[str, ...] = ()

    def __or__(self, other: Note) -> Note:
        return Note(
            union(self.added, other.added),
            union(self.gone, other.gone),
            union(self.documents, other.documents),
            union(self.superseded, other.superseded),
            union(self.origins, other.origins),
        )

    @property
    def needed(self) -> bool:
        """Whether there is anything to be known afterwards."""
        return any((self.added, self.gone, self.documents, self.superseded))

    def effect(self) -> dict[str, Any]:
        """The note as the ledger keeps it."""
        return to_json(self)


def note_key(step_key: str) -> str:
    """The name of a step's note in the ledger."""
    return step_key + _SUFFIX


def note_of(step_key: str, finished: Mapping[str, Mapping[str, Any]]) -> Note | None:
    """The note that an earlier attempt made on a step, if one did."""
    effect = finished.get(note_key(step_key))
    return from_json(Note, effect) if effect is not None else None


def open_notes(finished: Mapping[str, Mapping[str, Any]]) -> list[Note]:
    """The notes on steps that were begun and have not been committed."""
    return [
        from_json(Note, effect)
        for key, effect in finished.items()
        if key.endswith(_SUFFIX) and key.removesuffix(_SUFFIX) not in finished
    ]


def union(*ids: Iterable[str]) -> tuple[str, ...]:
    """Every id once, in the order of their first coming."""
    return tuple(dict.fromkeys(chain(*ids)))
