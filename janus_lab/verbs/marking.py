"""Which parts of an answer's text are sentences, for faces that mark them."""

from __future__ import annotations

from collections.abc import Iterator

from janus_lab.values.answer import Answer, Outcome, Sentence


def segments(answer: Answer) -> Iterator[tuple[str, Sentence | None]]:
    """The answer's text in order: each sentence with itself, and whatever stands between sentences with None.

    Refusals and cancelled answers were not checked sentence by sentence, so theirs is one piece.
    """
    if answer.outcome in (Outcome.REFUSED, Outcome.CANCELLED):
        yield answer.text, None
        return
    position = 0
    for sentence in sorted(answer.sentences, key=lambda s: s.start):
        if sentence.start < position:
            continue
        if sentence.start > position:
            yield answer.text[position : sentence.start], None
        yield answer.text[sentence.start : sentence.end], sentence
        position = sentence.end
    if position < len(answer.text):
        yield answer.text[position:], None
