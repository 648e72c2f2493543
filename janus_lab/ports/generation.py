"""Chat to text, streamed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Protocol

from janus_lab.values.generation import GenerationRequest, Message, ModelInfo, Token


class GenerationBackend(Protocol):
    """A language model, loaded; safe to call from several threads."""

    @property
    def info(self) -> ModelInfo:
        """The model; `info.context_tokens` is its window as loaded."""
        ...

    def count_tokens(self, messages: tuple[Message, ...]) -> int:
        """Tokens of the prompt these messages make, chat template included."""
        ...

    def stream(self, request: GenerationRequest, *, cancelled: Callable[[], bool]) -> Iterator[Token]:
        """Generate piece by piece. Once `cancelled()` is true it stops within 0.2 s, in the prompt too, and ends with CANCELLED.

        Raises ContextTooLong if prompt and `max_tokens` do not fit the window, ModelFailed if the model fails.
        """
        ...
