"""What a generation backend is asked for and what it streams back."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from janus_lab.values.ids import content_id


class FinishReason(StrEnum):
    """Why generation ended."""

    STOP = "stop"
    LENGTH = "length"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Message:
    """One chat message; `role` is system, user or assistant."""

    role: str
    content: str


@dataclass(frozen=True, slots=True)
class GenerationRequest:
    """A chat to be continued. `temperature` 0 is greedy; `seed` fixes sampling; `stop` ends generation before it appears."""

    messages: tuple[Message, ...]
    max_tokens: int
    temperature: float = 0.0
    seed: int = 0
    stop: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of generated text; the last one of a stream carries `finish`."""

    text: str
    finish: FinishReason | None = None


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """A model as loaded: where it came from, the SHA-256 of its file, its licence, and its sizes (tokens, dimensions).

    `variant` says how the file was prepared before use (precision, recipe), as that changes what the model computes.
    """

    uri: str
    name: str
    content_hash: str
    licence: str
    context_tokens: int = 0
    dimensions: int = 0
    variant: str = ""

    @property
    def fingerprint(self) -> str:
        """Names what computes: the weights together with how they were prepared. Embeddings are kept under it."""
        return content_id("model", self.content_hash, self.variant)
