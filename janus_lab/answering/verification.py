"""From a draft to what may be shown: unsupported claims marked, the documents' own words beside them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from janus_lab.answering.citation import find_support
from janus_lab.answering.composition import Composition
from janus_lab.answering.evidence import Evidence
from janus_lab.answering.extractive import choose_quotes
from janus_lab.answering.question import Question, kind_match
from janus_lab.answering.words import content_stems
from janus_lab.errors import NotFound
from janus_lab.ingest.sentences import sentence_spans
from janus_lab.ports.documents import DocumentStore

_CITATION_MARK = re.compile(r"\s*\[\d+\]")


@dataclass(frozen=True, slots=True)
class Checked:
    """A draft's sentences with their support; none, and a `reason`, where the draft does not stand."""

    sentences: tuple[tuple[str, tuple[Evidence, ...]], ...] = ()
    reason: str = ""


def reopen(documents: DocumentStore, evidence: Sequence[Evidence]) -> list[Evidence]:
    """The evidence that the store still holds, character for character, at its place."""
    return [e for e in evidence if _still_there(documents, e)]


def check_draft(question: Question, draft: str, evidence: Sequence[Evidence]) -> Checked:
    """Tie each sentence of a draft to evidence. It stands if its first sentence is supported and says something new."""
    text = _CITATION_MARK.sub("", draft).strip()  # the model's own marks mean nothing
    said = [" ".join(text[start:end].split()) for start, end in sentence_spans(text)]
    if not said:
        return Checked(reason="the model wrote nothing")
    sentences = tuple((sentence, find_support(sentence, evidence)) for sentence in said)
    if not sentences[0][1]:
        return Checked(reason="what the model wrote is not supported by the documents")
    if not _answers(question, said[0]):
        return Checked(reason="what the model wrote does not answer the question")
    return Checked(sentences)


def compose(documents: DocumentStore, checked: Checked, evidence: Sequence[Evidence]) -> Composition:
    """The answer's text: the sentences of a draft that stands, then the documents' own sentences unless already said."""
    composition = Composition(lambda e: _page(documents, e))
    for sentence, support in checked.sentences:
        composition.say(sentence, support)
    for item in _quotes(checked, evidence):
        if not any(_says_all_of(sentence, item) for sentence, _ in checked.sentences):
            composition.quote(item)
    return composition


def _quotes(checked: Checked, evidence: Sequence[Evidence]) -> list[Evidence]:
    """What to quote: under a draft what its first sentence rests on and the best evidence, else the best sentences."""
    if not checked.sentences:
        return choose_quotes(evidence)
    return choose_quotes([*checked.sentences[0][1], evidence[0]])


def _answers(question: Question, sentence: str) -> bool:
    new = [w for w in content_stems(sentence) if w not in question.stems]
    return bool(new) and kind_match(question, sentence) > 0


def _says_all_of(sentence: str, evidence: Evidence) -> bool:
    return set(content_stems(evidence.text)) <= set(content_stems(sentence))


def _still_there(documents: DocumentStore, evidence: Evidence) -> bool:
    try:
        return documents.text(evidence.hit.chunk.version_id, evidence.start, evidence.end) == evidence.text
    except NotFound:
        return False


def _page(documents: DocumentStore, evidence: Evidence) -> int | None:
    chunk = evidence.hit.chunk
    boxes = documents.boxes(chunk.version_id, evidence.start, evidence.end) if chunk.page is not None else []
    return boxes[0].page if boxes else chunk.page
