"""The points of one step of an ingest, for each generation of the index that is to have them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import structlog

from janus_lab.errors import CapacityError, EngineError, RunCancelled, SettingsError, UserError
from janus_lab.inference.embedding import Embedder
from janus_lab.ingest.chunker import text_of
from janus_lab.ingest.points import point_of
from janus_lab.ingest.step import STEP_CHUNKS, Part, Step
from janus_lab.ingest.stores import IngestStores
from janus_lab.runs.context import RunContext
from janus_lab.values.chunk import Chunk
from janus_lab.values.document import Document
from janus_lab.values.index_generation import IndexGeneration, IndexModel

if TYPE_CHECKING:
    from janus_lab.values.vector import Vector

EMBED_AT_ONCE = 64

Pair = tuple[Document, Chunk]
Embedded = Callable[[int], None]

_log = structlog.get_logger(__name__)


@dataclass(slots=True)
class Target:
    """A generation as this step knows it: what it wants, and what has been embedded for it; none is there before the first ingest."""

    generation: IndexGeneration | None
    wanted: list[Pair] = field(default_factory=list)
    embeddings: dict[str, Vector] = field(default_factory=dict)
    model: IndexModel | None = None

    @property
    def number(self) -> int:
        """The generation's number; 0 where there is none."""
        return self.generation.number if self.generation else 0

    @property
    def builds(self) -> bool:
        """Whether it only is being built, so that whoever builds it comes for what it lacks."""
        return self.generation is not None and not self.generation.serving

    @property
    def begins(self) -> bool:
        """Whether it is just being made: what it is to hold was not noted yet. Whoever makes it comes for everything afterwards."""
        there = self.generation
        return there is not None and not there.serving and there.model is None

    @property
    def late(self) -> list[Pair]:
        """What is wanted and not embedded yet."""
        return [pair for pair in self.wanted if pair[1].id not in self.embeddings]


class StepPoints:
    """Embeds what a step needs (`look` and `embed`, holding nothing), and adds it (`look`, then `add`) while its sources are held.

    In between generations may come, or take another's place: `late` tells whether there is something more to embed. A new one
    whose model fails is left to whoever builds it, and its number put into `left_out`.
    """

    def __init__(self, stores: IngestStores, context: RunContext, collection: str, left_out: set[int]) -> None:
        self._left_out = left_out
        self._stores = stores
        self._context = context
        self._collection = collection
        self._known: dict[int, Target] = {}
        self._targets: list[Target] = []

    @property
    def late(self) -> bool:
        """Whether something that is wanted was not embedded yet."""
        return any(self._late(target) for target in self._targets)

    @property
    def added(self) -> tuple[str, ...]:
        """The chunks that get a point in the generation that serves."""
        return tuple(chunk.id for _, chunk in self._targets[0].wanted)

    def look(self, step: Step, before: Mapping[str, Document]) -> None:
        """Find out which generations there are now, and which of the step's chunks they lack."""
        found: list[IndexGeneration | None] = [*self._stores.live(self._collection)]
        targets = [Target(generation) for generation in found or [None]]
        self._targets = [self._known.setdefault(target.number, target) for target in targets]
        for target in self._targets:
            target.wanted = self._wanted(target, step, before)

    def embed(self, embedded: Embedded) -> int:
        """Embed what is late; returns how many chunks for the generation that serves. `embedded` is told of them as they are."""
        counts = [self._embed(target, (lambda _: None) if target.builds else embedded) for target in self._targets]
        return counts[0]

    def add(self) -> None:
        """Add the points, whose embeddings are all there."""
        for target in self._targets:
            name = self._name(target)
            if self._is_left_out(target):
                # Of these a point may be there that is out of date: whoever builds the generation makes it anew.
                self._stores.vectors.delete(name, [chunk.id for _, chunk in target.wanted])
                continue
            for start in range(0, len(target.wanted), STEP_CHUNKS):
                pairs = target.wanted[start : start + STEP_CHUNKS]
                points = [point_of(document, chunk, target.embeddings[chunk.id]) for document, chunk in pairs]
                self._stores.vectors.upsert(name, points)

    def _name(self, target: Target) -> str:
        generation = target.generation
        if target.embeddings and (generation is None or (generation.serving and generation.model is None)):
            dimensions = len(next(iter(target.embeddings.values())))
            self._stores.vectors.ensure(self._collection, dimensions, target.model)
        return generation.name if generation else self._collection

    def _wanted(self, target: Target, step: Step, before: Mapping[str, Document]) -> list[Pair]:
        """Chunks without a point, and all of a document whose metadata have changed.

        Of a document that began in an earlier step, somebody may have removed what that step added.
        """
        pairs = [(part.version.document, chunk) for part in step.parts for chunk in _complete(part)]
        name = target.generation.name if target.generation else self._collection
        present = self._stores.vectors.present(name, [chunk.id for _, chunk in pairs])
        own = {chunk.id for part in step.parts for chunk in part.chunks}
        return [
            (document, chunk)
            for document, chunk in pairs
            if chunk.id not in present or (chunk.id in own and _payload_changed(before.get(document.id), document))
        ]

    def _embed(self, target: Target, embedded: Embedded) -> int:
        if not (late := self._late(target)):
            return 0
        try:
            embedder = self._embedder(target)
            target.model = IndexModel.of(embedder.info)
            target.embeddings |= embed_pairs(embedder, late, between=self._context.check_cancelled, embedded=embedded)
        except (CapacityError, EngineError, SettingsError, UserError) as error:
            if isinstance(error, RunCancelled) or not target.builds:
                raise
            _log.warning("new-generation-left-out", run=self._context.run.id, exc_info=True)
            self._left_out.add(target.number)
        return len(late)

    def _late(self, target: Target) -> list[Pair]:
        return [] if self._is_left_out(target) else target.late

    def _is_left_out(self, target: Target) -> bool:
        return target.begins or target.number in self._left_out

    def _embedder(self, target: Target) -> Embedder:
        if target.generation is None:
            return self._stores.embedders.chosen()
        return self._stores.embedders.of(target.generation)


def embed_pairs(
    embedder: Embedder, pairs: Sequence[Pair], *, between: Callable[[], None], embedded: Embedded = lambda _: None
) -> dict[str, Vector]:
    """Embeddings of chunks by their ids. `between` is called before each batch and may raise; `embedded` is told each one's size."""
    # Texts of like length side by side waste the least of a batch.
    ordered = sorted(pairs, key=lambda pair: len(pair[1].text))
    found: dict[str, Vector] = {}
    for start in range(0, len(ordered), EMBED_AT_ONCE):
        between()
        batch = ordered[start : start + EMBED_AT_ONCE]
        embeddings = embedder.embed([text_of(document, chunk) for document, chunk in batch])
        found |= {chunk.id: embedding for (_, chunk), embedding in zip(batch, embeddings, strict=True)}
        embedded(len(batch))
    return found


def _complete(part: Part) -> Sequence[Chunk]:
    return part.version.chunks if part.completes else part.chunks


def _payload_changed(before: Document | None, after: Document) -> bool:
    return before is not None and dict(before.metadata) != dict(after.metadata)
