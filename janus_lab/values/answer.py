"""Answers: text whose every sentence is tied by code to exact spans of documents, or marked as unsupported."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum

from janus_lab.errors import NotFound
from janus_lab.values.hit import Hit


class Outcome(StrEnum):
    """How an answer came about."""

    GENERATED = "generated"
    """The model wrote it and its citations were verified."""
    EXTRACTIVE = "extractive"
    """Quoted from the documents, because the model failed or its text was not supported."""
    REFUSED = "refused"
    """The documents hold no sufficient evidence."""
    CANCELLED = "cancelled"
    """Stopped on request; the text is what there was by then."""


@dataclass(frozen=True, slots=True)
class Citation:
    """Evidence: `quote` is exactly characters `start`–`end` of version `version_id`'s text (checked before it is shown)."""

    number: int
    document_id: str
    version_id: str
    chunk_id: str
    title: str
    origin: str
    page: int | None
    start: int
    end: int
    quote: str


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence of the answer: characters `start`–`end` of its text, the citation numbers that support it, if any do."""

    text: str
    start: int
    end: int
    citations: tuple[int, ...]
    supported: bool


@dataclass(frozen=True, slots=True)
class CitedContext:
    """A citation with the text around it, re-read from the store: `before` + `quote` + `after`."""

    citation: Citation
    before: str
    quote: str
    after: str


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer to a question, with what it rests on. `timings` are seconds a stage; `notes` name every fallback taken."""

    question: str
    text: str
    outcome: Outcome
    sentences: tuple[Sentence, ...]
    citations: tuple[Citation, ...]
    hits: tuple[Hit, ...]
    run_id: str
    timings: dict[str, float]
    notes: tuple[str, ...] = ()
    draft: str = ""
    """What the model wrote before verification, as streamed; empty where no model ran."""
    model: str = ""
    """The name of the model that wrote the draft; empty where none did."""
    generation: int = 0
    """The number of the index generation that was searched; 0 where there was none."""
    reopen: Callable[[Citation], CitedContext] | None = field(default=None, compare=False, repr=False)
    """Reads a citation's span again from the store; a lab fills it in."""

    def cite(self, number: int) -> CitedContext:
        """Citation `number` within the text that surrounds it, read again from the store. Raises NotFound."""
        chosen = next((c for c in self.citations if c.number == number), None)
        if chosen is None:
            raise NotFound(
                f"this answer has no citation {number}",
                remedy=f"choose one of {[c.number for c in self.citations]}" if self.citations else "see ans.notes",
            )
        if self.reopen is None:
            return CitedContext(chosen, "", chosen.quote, "")
        return self.reopen(chosen)
