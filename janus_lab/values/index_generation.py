"""One complete version of a collection's index: made beside the one that serves, filled, and then put in its place."""

from __future__ import annotations

from dataclasses import dataclass

_MARK = "\x00generation "
"""No collection that a person names has it in its name."""


@dataclass(frozen=True, slots=True)
class IndexGeneration:
    """A generation of a collection, numbered from 1. Exactly one serves once the collection is there."""

    collection: str
    number: int
    dimensions: int
    serving: bool

    @property
    def name(self) -> str:
        """The name under which the vector store takes this very generation for a collection: to fill it, and to look into it."""
        return f"{self.collection}{_MARK}{self.number}"


def generation_named(name: str) -> tuple[str, int | None]:
    """The collection and the number that `IndexGeneration.name` was made of; None for a collection's own name."""
    collection, mark, number = name.rpartition(_MARK)
    return (collection, int(number)) if mark and number.isdecimal() else (name, None)
