"""One complete version of a collection's index: made beside the one that serves, filled, and then put in its place."""

from __future__ import annotations

from dataclasses import dataclass

from janus_lab.values.generation import ModelInfo

_MARK = "\x00generation "
"""No collection that a person names has it in its name."""


@dataclass(frozen=True, slots=True)
class IndexModel:
    """The model that a generation's embeddings are of: what it was called, where it was, and which weights it had.

    The name may stand for another model by now; the SHA-256 of the weights tells. Whatever is compared with these embeddings gets
    the prefixes noted here, though the model may have others by now.
    """

    name: str
    uri: str
    content_hash: str
    variant: str = ""
    query_prefix: str = ""
    passage_prefix: str = ""

    @classmethod
    def of(cls, info: ModelInfo) -> IndexModel:
        """What to note of a loaded model."""
        return cls(info.name, info.uri, info.content_hash, info.variant, info.query_prefix, info.passage_prefix)

    def is_of(self, info: ModelInfo) -> bool:
        """Whether that model's embeddings lie in the same space: prepared in another way, or given other prefixes, it still is the same model."""
        return self.content_hash == info.content_hash


@dataclass(frozen=True, slots=True)
class IndexGeneration:
    """A generation of a collection, numbered from 1. Exactly one serves once the collection is there.

    `model` is None where it was not noted: such a generation was made before models were. `made_by` is the run that built it
    beside another; "" for a collection's first.
    """

    collection: str
    number: int
    dimensions: int
    serving: bool
    model: IndexModel | None = None
    made_by: str = ""

    @property
    def name(self) -> str:
        """The name under which the vector store takes this very generation for a collection: to fill it, and to look into it."""
        return f"{self.collection}{_MARK}{self.number}"


@dataclass(frozen=True, slots=True)
class ReindexReport:
    """What came of indexing a collection anew: the generation that serves now, of which model, and how many chunks it holds.

    `embedded` counts those that this run added, in `seconds`; an ingest at the same time may have added others. `before` is the
    model of the generation that it took the place of, "" where that was not noted.
    """

    run_id: str
    collection: str
    generation: int
    model: str
    before: str
    chunks: int
    embedded: int
    seconds: float


def generation_named(name: str) -> tuple[str, int | None]:
    """The collection and the number that `IndexGeneration.name` was made of; None for a collection's own name."""
    collection, mark, number = name.rpartition(_MARK)
    return (collection, int(number)) if mark and number.isdecimal() else (name, None)
