"""Letting the model write: tokens told as they come, stopped when the run is, failures named."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from janus_lab.answering.context import pack
from janus_lab.answering.evidence import Evidence
from janus_lab.answering.prompt import FENCE, PROMPT_VERSION
from janus_lab.errors import JanusError, SettingsError
from janus_lab.inference.chain import UNABLE, Speakers
from janus_lab.ports.generation import GenerationBackend
from janus_lab.runs.context import RunContext
from janus_lab.values.event import EventKind
from janus_lab.values.generation import FinishReason, GenerationRequest

MODEL_FAILURES = (*UNABLE, SettingsError)
"""What may go wrong with a model and leaves an extractive answer possible."""
STOP = ("\n", FENCE)


@dataclass(slots=True)
class Draft:
    """What the model wrote before it ended, was stopped or failed."""

    text: str = ""
    model: str = ""
    cancelled: bool = False
    failure: JanusError | None = None
    timings: dict[str, float] = field(default_factory=dict)


def write_draft(
    context: RunContext,
    question: str,
    evidence: Sequence[Evidence],
    speakers: Speakers,
    *,
    tokens: int,
    name: str = "",
) -> Draft:
    """Have a model answer from the evidence in at most `tokens` tokens. Model failures end up in the draft, not raised."""
    draft = Draft()
    started = time.perf_counter()
    try:
        speakers.attempt(
            lambda backend: _write(context, question, evidence, backend, tokens=tokens, draft=draft),
            name=name,
            begun=lambda: bool(draft.text),
        )
    except MODEL_FAILURES as error:
        draft.failure = error
    draft.timings["generate"] = time.perf_counter() - started - draft.timings.get("pack", 0.0)
    return draft


def _write(
    context: RunContext,
    question: str,
    evidence: Sequence[Evidence],
    backend: GenerationBackend,
    *,
    tokens: int,
    draft: Draft,
) -> None:
    started = time.perf_counter()
    info = backend.info
    packed = pack(question, evidence, backend.count_tokens, info.context_tokens - tokens)
    request = GenerationRequest(packed.messages, max_tokens=tokens, stop=STOP)
    context.pin(
        generation_model=info.fingerprint,
        prompt={"version": PROMPT_VERSION, "messages": [[m.role, m.content] for m in packed.messages]},
        sampling={"temperature": request.temperature, "seed": request.seed, "max_tokens": tokens},
    )
    draft.timings["pack"] = time.perf_counter() - started
    _stream(context, backend, request, draft)


def _stream(context: RunContext, backend: GenerationBackend, request: GenerationRequest, draft: Draft) -> None:
    started = time.perf_counter()
    for token in backend.stream(request, cancelled=context.cancelled):
        if token.text:
            draft.timings.setdefault("first_token", time.perf_counter() - started)
            draft.text += token.text
            context.emit(EventKind.TOKEN, text=token.text)
        draft.cancelled = token.finish is FinishReason.CANCELLED
        draft.model = token.model or draft.model
    draft.cancelled = draft.cancelled or context.cancelled()
