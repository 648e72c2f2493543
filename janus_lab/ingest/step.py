"""Steps: bounded pieces of an ingest, prepared by reading and parsing, written all at once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from janus_lab.ingest.sources import Found, source_of
from janus_lab.values.chunk import Chunk
from janus_lab.values.document import SourceStamp
from janus_lab.values.ids import content_id
from janus_lab.values.ingest import FileOutcome
from janus_lab.values.version import Version

STEP_CHUNKS = 256
STEP_FILES = 64


@dataclass(frozen=True, slots=True)
class Part:
    """Chunks `first`–`last` (end exclusive) of a version, all of them unless the document is too long for one step."""

    version: Version
    first: int
    last: int

    @property
    def chunks(self) -> Sequence[Chunk]:
        """The chunks to be embedded in this step."""
        return self.version.chunks[self.first : self.last]

    @property
    def completes(self) -> bool:
        """Whether nothing of the document comes after it, so that it can be published."""
        return self.last == len(self.version.chunks)


@dataclass(slots=True)
class Step:
    """What one step writes: parts of documents, and what to remember of the sources that end in it.

    `kept` maps the origin of a source that holds many documents to the ids of all of them: others are gone from it. `read`
    tells where each document's source was read, by its origin.
    """

    parts: list[Part] = field(default_factory=list)
    outcomes: list[FileOutcome] = field(default_factory=list)
    stamps: list[SourceStamp] = field(default_factory=list)
    kept: dict[str, frozenset[str]] = field(default_factory=dict)
    read: dict[str, Found] = field(default_factory=dict)
    chunk_count: int = 0

    @property
    def full(self) -> bool:
        """Whether it is time for the next step."""
        return self.chunk_count >= STEP_CHUNKS or len(self.outcomes) >= STEP_FILES

    @property
    def empty(self) -> bool:
        """Whether there is nothing to write."""
        return not (self.parts or self.outcomes)

    @property
    def key(self) -> str:
        """Its name in the ledger, derived from what it writes: the same content makes the same step."""
        parts = (f"{p.version.document.version_id}:{p.first}:{p.last}:{_payload_id(p)}" for p in self.parts)
        stamps = (f"{stamp.origin}:{stamp.content_hash}:{stamp.modified_ns}" for stamp in self.stamps)
        return "ingest-" + content_id("step", *parts, *stamps)

    @property
    def origins(self) -> set[str]:
        """Origins of the sources that it changes something of."""
        return {*self.read, *(stamp.origin for stamp in self.stamps)}

    @property
    def content_hashes(self) -> dict[str, str]:
        """Origins of the sources whose documents it publishes, with the hashes of their bytes."""
        documents = (part.version.document for part in self.parts if part.completes)
        return {source_of(document): document.content_hash for document in documents}

    def without(self, failures: Iterable[FileOutcome]) -> Step:
        """This step without the sources that have failed after all."""
        failed = {outcome.origin: outcome for outcome in failures}
        left = Step(
            outcomes=[failed.get(outcome.origin, outcome) for outcome in self.outcomes],
            stamps=[stamp for stamp in self.stamps if stamp.origin not in failed],
            kept={origin: ids for origin, ids in self.kept.items() if origin not in failed},
            read={origin: found for origin, found in self.read.items() if origin not in failed},
        )
        for part in self.parts:
            if source_of(part.version.document) not in failed:
                left.add(part)
        return left

    def would_overflow(self, part: Part) -> bool:
        """Whether `part` is better left to the next step."""
        return self.chunk_count + part.last - part.first > STEP_CHUNKS

    def add(self, part: Part) -> None:
        """Take in a part."""
        self.parts.append(part)
        self.chunk_count += part.last - part.first


def _payload_id(part: Part) -> str:
    document = part.version.document
    return content_id("payload", document.content_hash, document.title, repr(sorted(document.metadata.items())))


def parts_of(version: Version) -> Iterator[Part]:
    """A version in parts of at most a step's chunks."""
    total = len(version.chunks)
    for first in range(0, total, STEP_CHUNKS):
        yield Part(version, first, min(first + STEP_CHUNKS, total))
