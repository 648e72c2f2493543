"""Ask runs: retrieve, weigh the evidence, refuse or write, verify, cite."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from janus_lab.answering.drafting import Draft, write_draft
from janus_lab.answering.evidence import Evidence, find_evidence, read_rarity
from janus_lab.answering.gate import Gate, Verdict, load_gate, read_signals
from janus_lab.answering.question import Question, read_question
from janus_lab.answering.verification import Checked, check_draft, compose, reopen
from janus_lab.inference.chain import Speakers
from janus_lab.ports.documents import DocumentStore
from janus_lab.retrieval.pinned import PinnedIndex
from janus_lab.retrieval.reranker import Reranking
from janus_lab.retrieval.search import HybridSearch, nothing_there
from janus_lab.retrieval.stopwatch import Stopwatch
from janus_lab.runs.context import RunContext
from janus_lab.values import codec
from janus_lab.values.answer import Answer, Outcome
from janus_lab.values.event import EventKind
from janus_lab.values.hit import Hit
from janus_lab.values.request import AskRequest

CANDIDATES = 30
"""Chunks over which the rarity of the question's words is counted; evidence comes from the request's `limit` best."""


@dataclass(slots=True)
class Inquiry:
    """A question and what has been found for it."""

    question: Question
    index: PinnedIndex
    reranking: Reranking
    hits: tuple[Hit, ...] = ()
    evidence: list[Evidence] = field(default_factory=list)
    verdict: Verdict | None = None
    watch: Stopwatch = field(default_factory=Stopwatch)


class AskService:
    """Carries out ask runs; the result is an Answer as JSON. Where no model may speak, answers are quotes."""

    def __init__(
        self,
        search: HybridSearch,
        documents: DocumentStore,
        *,
        speakers: Speakers,
        answer_tokens: int = 160,
        gate: Gate | None = None,
    ) -> None:
        self._search = search
        self._documents = documents
        self._speakers = speakers
        self._answer_tokens = answer_tokens
        self._gate = gate or load_gate()

    def execute(self, context: RunContext) -> Mapping[str, Any]:
        """Answer the request's question."""
        request = codec.from_json(AskRequest, context.run.request)
        inquiry = self.inquire(request)
        self._pin(context, inquiry)
        context.check_cancelled()
        verdict = inquiry.verdict
        if verdict is None or not verdict.sufficient:
            return self._finish(context, inquiry, self._refuse(inquiry, request.collection))
        return self._answer(context, inquiry, request.model)

    def inquire(self, request: AskRequest) -> Inquiry:
        """Everything before the model: hits, evidence, and the gate's verdict (None where nothing was found)."""
        index, reranking = self._search.index(request.collection), self._search.reranking()
        inquiry = Inquiry(read_question(request.question), index, reranking)
        watch = inquiry.watch
        depth = max(CANDIDATES, request.limit)
        candidates = self._search.search(
            request.question, index, depth, where=request.where, watch=watch, reranking=reranking
        )
        inquiry.hits = tuple(candidates[: request.limit])
        with watch.stage("evidence"):
            rarity = read_rarity(inquiry.question, candidates)
            found = find_evidence(inquiry.question, inquiry.hits, rarity, inquiry.index.embedder)
            inquiry.evidence = found
        with watch.stage("gate"):
            if found:
                inquiry.verdict = self._gate.judge(read_signals(inquiry.question, found))
        return inquiry

    def _refuse(self, inquiry: Inquiry, collection: str) -> Answer:
        if inquiry.hits or self._search.has_documents(collection):
            return _refusal(inquiry, self._gate)
        return _without_sentences(inquiry, Outcome.REFUSED, nothing_there(collection), ())

    def _answer(self, context: RunContext, inquiry: Inquiry, name: str) -> Mapping[str, Any]:
        with inquiry.watch.stage("reopen"):
            evidence = reopen(self._documents, inquiry.evidence)
        draft: Draft | None = None
        if self._speakers.any(name):
            draft = write_draft(
                context, inquiry.question.text, evidence, self._speakers, tokens=self._answer_tokens, name=name
            )
            inquiry.watch.timings.update(draft.timings)
        if draft is not None and draft.cancelled:
            context.mark_partial()
            return self._finish(context, inquiry, _cancelled(inquiry, draft))
        with inquiry.watch.stage("verify"):
            checked = check_draft(inquiry.question, draft.text if draft is not None else "", evidence)
            answer = self._compose(context, inquiry, evidence, draft, checked)
        return self._finish(context, inquiry, answer)

    def _compose(
        self,
        context: RunContext,
        inquiry: Inquiry,
        evidence: Sequence[Evidence],
        draft: Draft | None,
        checked: Checked,
    ) -> Answer:
        composition = compose(self._documents, checked, evidence)
        for citation in composition.citations:
            context.emit(EventKind.CITATION, **codec.to_json(citation))
        return Answer(
            question=inquiry.question.text,
            text=composition.text,
            outcome=Outcome.GENERATED if checked.sentences else Outcome.EXTRACTIVE,
            sentences=tuple(composition.sentences),
            citations=tuple(composition.citations),
            hits=inquiry.hits,
            run_id=context.run.id,
            timings={},
            notes=(*context.concessions, *_notes(draft, checked)),
            draft=draft.text if draft is not None else "",
            model=draft.model if draft is not None else "",
        )

    def _finish(self, context: RunContext, inquiry: Inquiry, answer: Answer) -> Mapping[str, Any]:
        data = codec.to_json(answer)
        data["run_id"] = context.run.id
        data["generation"] = inquiry.index.generation
        data["timings"] = dict(inquiry.watch.timings)
        return data

    def _pin(self, context: RunContext, inquiry: Inquiry) -> None:
        verdict = inquiry.verdict
        context.pin(
            gate={"version": self._gate.version, "threshold": self._gate.threshold},
            chunk_ids=[hit.chunk.id for hit in inquiry.hits],
            **inquiry.index.facts(),
            **inquiry.reranking.facts(),
            **({"evidence": {"probability": verdict.probability, **asdict(verdict.signals)}} if verdict else {}),
        )


def _notes(draft: Draft | None, checked: Checked) -> tuple[str, ...]:
    if draft is None:
        return ("no model was asked: these are the documents' own sentences",)
    if draft.failure is not None:
        error = draft.failure
        return (f"the model failed ({error.code}: {error.message}); these are the documents' own sentences",)
    return (f"{checked.reason}; these are the documents' own sentences",) if checked.reason else ()


def _refusal(inquiry: Inquiry, gate: Gate) -> Answer:
    if not inquiry.hits:
        return _without_sentences(inquiry, Outcome.REFUSED, "The documents hold nothing on this.", ())
    best = inquiry.evidence[0].hit if inquiry.evidence else inquiry.hits[0]
    place = best.title or best.origin
    text = f"The documents do not seem to hold the answer. What comes closest is in “{' '.join(place.split())}”."
    probability = inquiry.verdict.probability if inquiry.verdict else 0.0
    note = f"evidence for an answer: {probability:.0%}, needed: {gate.threshold:.0%}; no model was asked"
    return _without_sentences(inquiry, Outcome.REFUSED, text, (note,))


def _cancelled(inquiry: Inquiry, draft: Draft) -> Answer:
    notes = ("stopped on request; not verified",)
    answer = _without_sentences(inquiry, Outcome.CANCELLED, draft.text.strip(), notes)
    return replace(answer, draft=draft.text, model=draft.model)


def _without_sentences(inquiry: Inquiry, outcome: Outcome, text: str, notes: tuple[str, ...]) -> Answer:
    return Answer(inquiry.question.text, text, outcome, (), (), inquiry.hits, "", {}, notes)
