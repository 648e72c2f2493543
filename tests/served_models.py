"""Models opened on a stand-in for a server, and asked."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from janus_lab.adapters.backend.openai_generation import ServedGeneration, open_generation
from janus_lab.values.generation import GenerationRequest, Message, ModelInfo, Token
from janus_lab.values.load_order import LoadOrder
from janus_lab.values.model import ModelOptions, ModelRecord, ModelTask

HELLO = GenerationRequest((Message("user", "Hello"),), 40)


@contextmanager
def opened(url: str, *, key: str = "", **options: Any) -> Iterator[ServedGeneration]:
    """The model that a server offers, with these options of its record."""
    record = ModelRecord("theirs", ModelTask.GENERATION, url, ModelOptions(**options))
    with open_generation(LoadOrder(record, ModelInfo("", "", "", ""), key=key)) as backend:
        yield backend


def never() -> bool:
    """Nobody cancels."""
    return False


def reply(backend: ServedGeneration, request: GenerationRequest = HELLO) -> tuple[str, Token]:
    """The text of a whole stream, and its last piece."""
    tokens = list(backend.stream(request, cancelled=never))
    assert [token.finish for token in tokens[:-1]] == [None] * (len(tokens) - 1)
    return "".join(token.text for token in tokens), tokens[-1]
