"""Answers and citations as plain text."""

from __future__ import annotations

from janus_lab.values.answer import Answer, Citation, CitedContext, Outcome
from janus_lab.values.chat import ChatReply
from janus_lab.values.counted import count
from janus_lab.values.hit import SearchResult
from janus_lab.verbs.ask import AnsweredQuestions
from janus_lab.verbs.listings import SearchResults
from janus_lab.verbs.marking import segments
from janus_lab.verbs.plain.amounts import duration
from janus_lab.verbs.plain.printable import one_line, printable
from janus_lab.verbs.search import Ranking

QUOTE = 300
"""Characters of a quote shown in a list."""
OUTCOMES = {
    Outcome.GENERATED: "",
    Outcome.EXTRACTIVE: "Quoted from the documents (the model's own text did not stand):",
    Outcome.REFUSED: "The documents do not answer this.",
    Outcome.CANCELLED: "Stopped; this is what there was (not checked):",
}
UNSUPPORTED = "[unsupported]"


def answer(value: Answer) -> str:
    """The marked text, then what it rests on."""
    label = OUTCOMES[value.outcome]
    body = marked(value)
    repeated = value.outcome is Outcome.REFUSED and body
    parts = [label if not repeated else "", body, evidence(value)]
    return "\n\n".join(part for part in parts if part)


def marked(value: Answer) -> str:
    """The text with the numbers of its citations after each sentence, and a mark after each that nothing supports."""
    pieces: list[str] = []
    for text, sentence in segments(value):
        body = printable(text)
        if sentence is None:
            pieces.append(body)
            continue
        numbers = "".join(f"[{n}]" for n in sentence.citations if f"[{n}]" not in body)
        mark = numbers if sentence.supported else UNSUPPORTED
        gap = body[len(body.rstrip()) :]
        pieces.append(f"{body.rstrip()} {mark}{gap}" if mark else body)
    return "".join(pieces).strip()


def evidence(value: Answer) -> str:
    """The list of citations, which model wrote, and notes."""
    lines = [line for citation in value.citations for line in _citation(citation)]
    lines += [f"model: {one_line(value.model, 120)}"] if value.model else []
    lines += [f"note: {one_line(note, QUOTE)}" for note in value.notes]
    return "\n".join(lines)


def chat_reply(value: ChatReply) -> str:
    """What the model said, which one it was, and notes."""
    lines = [f"model: {one_line(value.model, 120)}", *(f"note: {one_line(note, QUOTE)}" for note in value.notes)]
    return "\n\n".join([printable(value.text).strip(), "\n".join(lines)])


def _citation(value: Citation) -> list[str]:
    return [f"[{value.number}] {where(value)}", f"    “{one_line(value.quote, QUOTE)}”"]


def where(value: Citation) -> str:
    """Title, page and origin of a citation, on one line."""
    page = f", p. {value.page}" if value.page is not None else ""
    title, origin = one_line(value.title, 100), one_line(value.origin, 200)
    return f"{title}{page} ({origin})" if title and title != origin else f"{origin}{page}"


def cited_context(value: CitedContext) -> str:
    """The quote between the text before and after it."""
    return (
        f"[{value.citation.number}] {where(value.citation)}\n"
        f"…{printable(value.before)}⟦{printable(value.quote)}⟧{printable(value.after)}…"
    )


def search_result(value: SearchResult) -> str:
    """Hits, best first: score, where, which retrievers, and the beginning of the text."""
    if not value.hits:
        nothing = f"Nothing found for “{one_line(value.query, QUOTE)}”."
        return "\n".join([nothing, *(f"note: {one_line(note, QUOTE)}" for note in value.notes)])
    lines: list[str] = []
    for hit in value.hits:
        page = f", p. {hit.chunk.page}" if hit.chunk.page is not None else ""
        found_by = ", ".join(f"{r.retriever} #{r.rank}" for r in hit.retrievers)
        lines.append(f"{hit.rank:>3}. {one_line(hit.origin, 100)}{page}  {hit.score:.4f}  ({found_by})")
        lines.append(f"     {one_line(hit.chunk.text, 160)}")
    return "\n".join(lines)


def search_results(value: SearchResults) -> str:
    """Each query with its hits."""
    return "\n\n".join(f"“{one_line(r.query, QUOTE)}”\n{search_result(r)}" for r in value)


def ranking(value: Ranking) -> str:
    """How much was written where."""
    return f"{count(value.queries, 'query')}, {count(value.lines, 'line')} in {printable(value.file)}"


def answered_questions(value: AnsweredQuestions) -> str:
    """How the questions of a file came out."""
    outcomes = ", ".join(f"{number} {name}" for name, number in sorted(value.outcomes.items()))
    return f"{count(value.questions, 'question')} ({outcomes}) in {printable(value.file)}"


def timings(value: dict[str, float]) -> str:
    """Seconds a stage, on one line."""
    return " · ".join(f"{name} {duration(seconds)}" for name, seconds in value.items())
