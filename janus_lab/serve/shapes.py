"""Replies as OpenAI's API writes them. What it has no word for stands under "janus"."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from janus_lab.errors import RunCancelled
from janus_lab.values.chat import ChatReply
from janus_lab.values.generation import FinishReason, ToolCall

_FINISH = {
    FinishReason.STOP: "stop",
    FinishReason.LENGTH: "length",
    FinishReason.TOOL_CALLS: "tool_calls",
}


def finish_of(reply: ChatReply) -> str:
    """Why the reply ended. Raises RunCancelled for one that was cut: OpenAI has no word for that, and it is not complete."""
    if reply.finish is FinishReason.CANCELLED:
        raise RunCancelled("the reply was cancelled before its end", remedy="ask again")
    return _FINISH[reply.finish]


def usage_of(reply: ChatReply) -> dict[str, Any]:
    """Tokens that went in and came out."""
    return {
        "prompt_tokens": reply.prompt_tokens,
        "completion_tokens": reply.reply_tokens,
        "total_tokens": reply.prompt_tokens + reply.reply_tokens,
        "prompt_tokens_details": {"cached_tokens": reply.cached_tokens},
    }


def ours(run_id: str, notes: Sequence[str]) -> dict[str, Any]:
    """The run, and every concession that it told."""
    return {"run": run_id, "notes": list(notes)}


def calls_of(calls: Sequence[ToolCall]) -> list[dict[str, Any]]:
    """Calls that the model asks for."""
    return [
        {
            "index": number,
            "id": call.id,
            "type": "function",
            "function": {"name": call.name, "arguments": call.arguments},
        }
        for number, call in enumerate(calls)
    ]


@dataclass(frozen=True, slots=True)
class ChatShape:
    """Of `chat/completions`."""

    prefix: str = "chatcmpl-"
    whole: str = "chat.completion"
    part: str = "chat.completion.chunk"

    def opening(self) -> dict[str, Any] | None:
        """The first choice of a stream, before there is any text."""
        return {"index": 0, "delta": {"role": "assistant", "content": ""}, "finish_reason": None}

    def piece(self, text: str) -> dict[str, Any]:
        """A choice with some more text."""
        return {"index": 0, "delta": {"content": text}, "finish_reason": None}

    def closing(self, reply: ChatReply) -> dict[str, Any]:
        """The last choice of a stream."""
        delta = {"tool_calls": calls_of(reply.tool_calls)} if reply.tool_calls else {}
        return {"index": 0, "delta": delta, "finish_reason": finish_of(reply)}

    def choice(self, reply: ChatReply) -> dict[str, Any]:
        """The choice of a reply that comes at once."""
        message: dict[str, Any] = {"role": "assistant", "content": reply.text}
        if reply.tool_calls:
            message["content"] = reply.text or None
            message["tool_calls"] = [{k: v for k, v in c.items() if k != "index"} for c in calls_of(reply.tool_calls)]
        return {"index": 0, "message": message, "logprobs": None, "finish_reason": finish_of(reply)}


@dataclass(frozen=True, slots=True)
class TextShape:
    """Of `completions`."""

    prefix: str = "cmpl-"
    whole: str = "text_completion"
    part: str = "text_completion"

    def opening(self) -> dict[str, Any] | None:
        """Nothing comes before the text."""
        return None

    def piece(self, text: str) -> dict[str, Any]:
        """A choice with some more text."""
        return {"index": 0, "text": text, "logprobs": None, "finish_reason": None}

    def closing(self, reply: ChatReply) -> dict[str, Any]:
        """The last choice of a stream."""
        return {"index": 0, "text": "", "logprobs": None, "finish_reason": finish_of(reply)}

    def choice(self, reply: ChatReply) -> dict[str, Any]:
        """The choice of a reply that comes at once."""
        return {"index": 0, "text": reply.text, "logprobs": None, "finish_reason": finish_of(reply)}


Shape = ChatShape | TextShape
