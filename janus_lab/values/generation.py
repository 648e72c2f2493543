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
    TOOL_CALLS = "tool_calls"


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A call that a model asks for: `arguments` is JSON text as the model wrote it, untrusted and unchecked."""

    id: str
    name: str
    arguments: str


@dataclass(frozen=True, slots=True)
class Tool:
    """What a model may ask to be called; `parameters` is a JSON schema as text."""

    name: str
    description: str
    parameters: str


ANY_TOOL = "*"
"""For `must_call`: whichever tool the model chooses."""

TEXT = "text"
"""The role of a message that is no part of a chat: a text that is gone on with as it stands, by models that can."""


@dataclass(frozen=True, slots=True)
class Message:
    """One chat message; `role` is system, user, assistant, or tool: the answer to the call `call_id`; or `TEXT`, alone."""

    role: str
    content: str
    tool_calls: tuple[ToolCall, ...] = ()
    call_id: str = ""


@dataclass(frozen=True, slots=True)
class GenerationRequest:
    """A chat to be continued. `temperature` 0 is greedy; `seed` fixes sampling; `stop` ends generation before it appears.

    With `schema`, a JSON schema as text ("{}" for any JSON object), the whole reply is JSON that it allows. Of `tools` the model may
    call any or none; with `must_call` it calls that one, or with `ANY_TOOL` at least one.
    """

    messages: tuple[Message, ...]
    max_tokens: int
    temperature: float = 0.0
    seed: int = 0
    stop: tuple[str, ...] = ()
    schema: str = ""
    tools: tuple[Tool, ...] = ()
    must_call: str = ""


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens that went in and came out, and how many of those that went in were known already."""

    prompt_tokens: int
    reply_tokens: int
    cached_tokens: int = 0


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of generated text; the last one of a stream carries `finish`, and with it which model spoke and what it took."""

    text: str
    finish: FinishReason | None = None
    tool_calls: tuple[ToolCall, ...] = ()
    usage: Usage | None = None
    model: str = ""


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """A model as loaded: where it came from, the SHA-256 of its file, its licence, and its sizes (tokens, dimensions).

    `variant` says how the file was prepared before use (precision, recipe), as that changes what the model computes. Prefixes are
    what an embedding model is given before a query, and before a text that is searched: whoever embeds one of these writes it.
    """

    uri: str
    name: str
    content_hash: str
    licence: str
    context_tokens: int = 0
    dimensions: int = 0
    variant: str = ""
    query_prefix: str = ""
    passage_prefix: str = ""

    @property
    def fingerprint(self) -> str:
        """Names what computes: the weights, how they were prepared, and what texts begin with. Embeddings are kept under it."""
        prefix = (self.passage_prefix,) if self.passage_prefix else ()
        return content_id("model", self.content_hash, self.variant, *prefix)
