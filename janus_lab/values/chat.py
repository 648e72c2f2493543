"""A chat with the model of the engine room, without any documents."""

from __future__ import annotations

from dataclasses import dataclass

from janus_lab.values.generation import FinishReason, Message, Tool, ToolCall

AS_MANY_AS_FIT = -1
"""For `max_tokens`: whatever the prompt leaves of the model's window."""


@dataclass(frozen=True, slots=True)
class ChatRequest:
    """A chat to be continued by at most `max_tokens` tokens; see `GenerationRequest` for the rest.

    With `model`, only the model of that name may answer.
    """

    messages: tuple[Message, ...]
    max_tokens: int
    temperature: float = 0.0
    seed: int = 0
    stop: tuple[str, ...] = ()
    schema: str = ""
    tools: tuple[Tool, ...] = ()
    model: str = ""
    must_call: str = ""


@dataclass(frozen=True, slots=True)
class ChatReply:
    """What the model said, why it ended, which model it was, and how many tokens went in and came out.

    `cached_tokens` of the prompt were known already; `notes` name every concession, such as another model than the chosen one.
    """

    text: str
    finish: FinishReason
    model: str
    prompt_tokens: int
    reply_tokens: int
    run_id: str
    cached_tokens: int = 0
    tool_calls: tuple[ToolCall, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ChatPiece:
    """A piece of a reply as it is written; the last one of a stream has no text and carries the whole reply."""

    text: str
    reply: ChatReply | None = None
