"""What the model gets to read: the best evidence with its neighbours, packed into the model's window."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from janus_lab.answering.evidence import Evidence, pieces
from janus_lab.answering.prompt import Passage, build_messages
from janus_lab.errors import ContextTooLong
from janus_lab.values.generation import Message

PASSAGES = 4
"""Passages a small model is given: more of them distract it, and reading them is most of the time to the first token."""


@dataclass(frozen=True, slots=True)
class Packed:
    """A prompt that fits, and the passages in it."""

    messages: tuple[Message, ...]
    passages: tuple[Passage, ...]
    tokens: int


def pack(
    question: str, evidence: Sequence[Evidence], count_tokens: Callable[[tuple[Message, ...]], int], budget: int
) -> Packed:
    """As many passages, best first, as fit `budget` tokens; the first is cut to its sentence alone if it must be.

    Raises ContextTooLong if not even that fits.
    """
    packed: Packed | None = None
    for passage in _passages(evidence):
        attempt = _attempt(question, (*(packed.passages if packed else ()), passage), count_tokens)
        if attempt.tokens <= budget:
            packed = attempt
    if packed is None and evidence:
        best = evidence[0]
        attempt = _attempt(question, (Passage(best.hit.title, best.text),), count_tokens)
        packed = attempt if attempt.tokens <= budget else None
    if packed is None:
        raise ContextTooLong(
            f"the question and one sentence of evidence need more than the {budget} tokens there are",
            remedy="ask a shorter question, or set context_tokens higher",
        )
    return packed


def _attempt(
    question: str, passages: tuple[Passage, ...], count_tokens: Callable[[tuple[Message, ...]], int]
) -> Packed:
    messages = build_messages(question, passages)
    return Packed(messages, passages, count_tokens(messages))


def _passages(evidence: Sequence[Evidence]) -> Iterator[Passage]:
    """Each of the best sentences with the one before and the one after it; no sentence twice."""
    taken: set[tuple[str, int]] = set()
    yielded = 0
    for item in evidence:
        if yielded == PASSAGES:
            return
        chunk = item.hit.chunk
        spans = list(pieces(chunk.text))
        at = next(i for i, (start, _) in enumerate(spans) if chunk.start + start == item.start)
        if (chunk.version_id, item.start) in taken:
            continue
        window = [s for s in spans[max(0, at - 1) : at + 2] if (chunk.version_id, chunk.start + s[0]) not in taken]
        taken |= {(chunk.version_id, chunk.start + start) for start, _ in window}
        yielded += 1
        yield Passage(item.hit.title, " ".join(chunk.text[start:end] for start, end in window))
