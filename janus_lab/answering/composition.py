"""Putting an answer's text together, so that sentences and citation numbers fit it exactly."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from janus_lab.answering.evidence import Evidence
from janus_lab.values.answer import Citation, Sentence


@dataclass(slots=True)
class Composition:
    """Grows sentence by sentence; citations are numbered in the order in which they appear.

    `page_of` says on which page a piece of evidence stands.
    """

    page_of: Callable[[Evidence], int | None]
    text: str = ""
    sentences: list[Sentence] = field(default_factory=list)
    citations: list[Citation] = field(default_factory=list)

    def say(self, sentence: str, support: Sequence[Evidence], *, separator: str = " ") -> None:
        """Add a sentence with the evidence that supports it; one without any is marked as unsupported."""
        numbers = tuple(dict.fromkeys(self._number(e) for e in support))
        marks = "".join(f"[{n}]" for n in numbers)
        said = f"{sentence} {marks}" if marks else sentence
        start = len(self.text) + (len(separator) if self.text else 0)
        self.text += f"{separator if self.text else ''}{said}"
        self.sentences.append(Sentence(said, start, start + len(said), numbers, bool(numbers)))

    def quote(self, evidence: Evidence, *, separator: str = "\n") -> None:
        """Add a sentence of a document in its own words (blanks and line breaks aside)."""
        self.say(f"“{' '.join(evidence.text.split())}”", (evidence,), separator=separator)

    def cites(self, evidence: Evidence) -> bool:
        """Whether this evidence has a number already."""
        return any(_same(c, evidence) for c in self.citations)

    def _number(self, evidence: Evidence) -> int:
        for citation in self.citations:
            if _same(citation, evidence):
                return citation.number
        chunk = evidence.hit.chunk
        citation = Citation(
            number=len(self.citations) + 1,
            document_id=chunk.document_id,
            version_id=chunk.version_id,
            chunk_id=chunk.id,
            title=evidence.hit.title,
            origin=evidence.hit.origin,
            page=self.page_of(evidence),
            start=evidence.start,
            end=evidence.end,
            quote=evidence.text,
        )
        self.citations.append(citation)
        return citation.number


def _same(citation: Citation, evidence: Evidence) -> bool:
    place = (evidence.hit.chunk.version_id, evidence.start, evidence.end)
    return (citation.version_id, citation.start, citation.end) == place
