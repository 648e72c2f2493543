"""Answers, citations and hits as HTML."""

from __future__ import annotations

import re
from collections.abc import Mapping

from janus_lab.values.answer import Answer, Citation, CitedContext, Outcome, Sentence
from janus_lab.values.counted import count
from janus_lab.values.hit import Hit, SearchResult
from janus_lab.verbs.listings import SearchResults
from janus_lab.verbs.marking import segments
from janus_lab.verbs.plain.answer import timings
from janus_lab.verbs.plain.printable import one_line
from janus_magics.render.markup import Markup, details, element, escape, join, page, table

_NUMBER = re.compile(r"\s?\[(\d{1,4})\]")
_BADGES = {
    Outcome.EXTRACTIVE: ("warn", "quoted", "The model's own text did not stand; this is quoted from the documents."),
    Outcome.REFUSED: ("warn", "no answer", "The documents hold no sufficient evidence."),
    Outcome.CANCELLED: ("bad", "stopped", "Stopped on request; what there was by then was not checked."),
}


def answer(value: Answer, contexts: Mapping[int, CitedContext]) -> Markup:
    """The marked text, the citations to open, and what it rests on. `contexts` are citations re-read, by number."""
    body = element("div", *(_segment(value, text, sentence) for text, sentence in segments(value)), kind="text")
    cites = element("ul", *(_citation(c, contexts.get(c.number)) for c in value.citations), kind="cites")
    return page(_badge(value.outcome), body, cites if value.citations else "", _foundations(value))


def _badge(outcome: Outcome) -> Markup:
    if outcome not in _BADGES:
        return Markup()
    kind, name, meaning = _BADGES[outcome]
    return element("div", element("span", name, kind=f"badge {kind}"), element("span", meaning, kind="dim small"))


def _segment(value: Answer, text: str, sentence: Sentence | None) -> Markup:
    if sentence is None:
        return escape(text)
    if not sentence.supported:
        marked = element("span", text, kind="unsupported", title="No document supports this sentence.")
        return join((marked, element("sup", " unsupported", kind="warn small")))
    marks = {c.number: element("sup", str(c.number), kind="n", title=_tooltip(c)) for c in value.citations}
    pieces = _NUMBER.split(text)  # text, number, text, number, …, text
    shown = {int(number) for number in pieces[1::2]}
    body = [_in_place(piece, marks) if i % 2 else piece for i, piece in enumerate(pieces)]
    return join((*body, *(marks[n] for n in sentence.citations if n in marks and n not in shown)))


def _in_place(number: str, marks: Mapping[int, Markup]) -> str:
    """What stands for a `[number]` in the text: its mark, or itself if it is no citation's."""
    return marks.get(int(number), f" [{number}]")


def _tooltip(value: Citation) -> str:
    return f"{_place(value)}: “{one_line(value.quote, 240)}”"


def _place(value: Citation) -> str:
    page_number = f", p. {value.page}" if value.page is not None else ""
    return f"{one_line(value.title or value.origin, 120)}{page_number}"


def _citation(value: Citation, context: CitedContext | None) -> Markup:
    where = join(
        (
            element("b", f"{value.number}"),
            " ",
            element("b", _place(value)),
            " ",
            element("span", one_line(value.origin, 160), kind="dim small") if value.title else "",
        )
    )
    return element("li", details(where, _quote(value, context)))


def _quote(value: Citation, context: CitedContext | None) -> Markup:
    if context is None:
        return element("blockquote", element("mark", value.quote))
    before = f"…{context.before}" if context.before else ""
    after = f"{context.after}…" if context.after else ""
    return element("blockquote", before, element("mark", context.quote), after)


def cited_context(value: CitedContext) -> Markup:
    """A quote within the text around it."""
    return page(element("div", element("b", _place(value.citation))), _quote(value.citation, value))


def _foundations(value: Answer) -> Markup:
    model = one_line(value.model, 120) if value.model else "no model"
    told = f"{count(len(value.hits), 'hit')} · {model} · run {value.run_id[:13]}"
    summary = element("span", told, kind="dim small")
    notes = element("ul", *(element("li", note) for note in value.notes), kind="small") if value.notes else Markup()
    seconds = element("div", timings(value.timings), kind="dim small")
    return details(summary, notes, seconds, _hits(value.hits) if value.hits else "")


def search_result(value: SearchResult) -> Markup:
    """Hits of one query."""
    return page(_result(value))


def search_results(value: SearchResults) -> Markup:
    """Hits of several queries, each to be opened."""
    return page(*(details(element("b", one_line(r.query, 200)), _result(r)) for r in value))


def _result(value: SearchResult) -> Markup:
    if not value.hits:
        notes = (element("div", note, kind="small") for note in value.notes)
        return join((element("div", f"Nothing found for “{one_line(value.query, 300)}”.", kind="dim"), *notes))
    return join((_hits(value.hits), element("div", timings(value.timings), kind="dim small")))


def _hits(hits: tuple[Hit, ...]) -> Markup:
    rows = [(str(h.rank), _document(h), _text(h), _found_by(h), f"{h.score:.4f}") for h in hits]
    return table(("", "document", "text", "found by", "score"), rows, numeric=(0, 4))


def _document(hit: Hit) -> Markup:
    page_number = f", p. {hit.chunk.page}" if hit.chunk.page is not None else ""
    origin = element("div", one_line(hit.origin, 160), kind="dim small") if hit.title else Markup()
    return element("div", f"{one_line(hit.title or hit.origin, 80)}{page_number}", origin, kind="source")


def _text(hit: Hit) -> Markup:
    brief = one_line(hit.chunk.text, 160)
    return details(brief, element("blockquote", hit.chunk.text)) if brief.endswith("…") else escape(brief)


def _found_by(hit: Hit) -> Markup:
    return join(
        (element("span", f"{r.retriever} #{r.rank}", title=f"score {r.score:.4f}") for r in hit.retrievers),
        separator=", ",
    )
