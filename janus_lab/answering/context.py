"""What the model gets to read: the best sentences, packed into the model's window."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from janus_lab.answering.evidence import Evidence
from janus_lab.answering.extractive import choose_quotes
from janus_lab.answering.prompt import build_messages
from janus_lab.errors import ContextTooLong
from janus_lab.values.generation import Message

SENTENCES = 2
"""Sentences a model is given: the tiny one answers best from two, and reading them is most of the time to the first token."""


@dataclass(frozen=True, slots=True)
class Packed:
    """A prompt that fits, and the evidence in it."""

    messages: tuple[Message, ...]
    evidence: tuple[Evidence, ...]
    tokens: int


def pack(
    question: str,
    evidence: Sequence[Evidence],
    count_tokens: Callable[[tuple[Message, ...]], int],
    budget: int,
) -> Packed:
    """As many of the best sentences as fit `budget` tokens, in reading order. Raises ContextTooLong if not one fits."""
    for sentences in range(SENTENCES, 0, -1):
        chosen = tuple(choose_quotes(evidence, quotes=sentences))
        messages = build_messages(question, [e.text for e in chosen])
        tokens = count_tokens(messages)
        if chosen and tokens <= budget:
            return Packed(messages, chosen, tokens)
    raise ContextTooLong(
        f"the question and one sentence of evidence need more than the {budget} tokens there are",
        remedy="ask a shorter question, or set context_tokens higher",
    )
