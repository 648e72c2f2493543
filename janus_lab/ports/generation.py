"""Chat to text, streamed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Protocol, runtime_checkable

from janus_lab.values.generation import GenerationRequest, Message, ModelInfo, Token, Tool
from janus_lab.values.model import Footprint


class GenerationBackend(Protocol):
    """A language model, loaded; safe to call from several threads, whose requests may be served together or one after another."""

    @property
    def info(self) -> ModelInfo:
        """The model; `info.context_tokens` is its window as loaded."""
        ...

    def count_tokens(self, messages: tuple[Message, ...], tools: tuple[Tool, ...] = ()) -> int:
        """Tokens of the prompt these messages make, chat template and tools included; of tools it may be an estimate."""
        ...

    def stream(self, request: GenerationRequest, *, cancelled: Callable[[], bool]) -> Iterator[Token]:
        """Generate piece by piece. Once `cancelled()` is true it stops within 0.2 s, in the prompt too, and ends with CANCELLED.

        The last piece carries `finish`, `usage` and `model`; no other does. `cancelled` is called in the thread that iterates.
        Raises ContextTooLong if prompt and `max_tokens` do not fit the window, ModelFailed if the model fails.
        """
        ...


@runtime_checkable
class SupportsScoring(Protocol):
    """A backend that can tell how likely it would say given texts."""

    def score(self, messages: tuple[Message, ...], continuations: Sequence[str]) -> list[float]:
        """Mean log-probability (natural, at most 0) of each continuation's tokens as what the assistant says next.

        Raises ContextTooLong or ModelFailed.
        """
        ...


@runtime_checkable
class SupportsMeasuring(Protocol):
    """A backend that is told by its engine how much memory the loaded model takes."""

    def footprint(self) -> Footprint:
        """As the engine reports it."""
        ...


@runtime_checkable
class SupportsEnding(Protocol):
    """A backend whose engine may fail as a whole while the model is loaded."""

    @property
    def ended(self) -> bool:
        """Whether it did: whatever is asked of it fails from then on, until the model is loaded anew."""
        ...
