"""What a stand-in for a server of models may be told to send, in OpenAI's shapes and out of them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

MODEL = "stand-in-model"
DONE = b"data: [DONE]\n\n"


class Ending(Enum):
    """What happens to the connection at this point of a script."""

    CUT = "reset, as by a crash"
    CLOSE = "closed in good order, though nothing was finished"
    HANG = "nothing more, until the client goes or the server ends"


@dataclass(frozen=True)
class Scripted:
    """An answer: its parts are bytes to send at once, seconds to pause, or how the connection ends."""

    parts: Sequence[bytes | float | Ending] = ()
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=lambda: {"Content-Type": "text/event-stream"})


def event(value: Any, *, ascii_only: bool = False) -> bytes:
    """A server-sent event that carries JSON."""
    return f"data: {json.dumps(value, ensure_ascii=ascii_only)}\n\n".encode()


def chunk(text: str | None = None, finish: str | None = None, **delta: Any) -> dict[str, Any]:
    """One chunk of a streamed chat."""
    content = {} if text is None else {"content": text}
    choice = {"index": 0, "delta": {**content, **delta}, "finish_reason": finish}
    return {"id": "chat-1", "object": "chat.completion.chunk", "model": MODEL, "choices": [choice]}


def usage(prompt: int, reply: int, cached: int = 0) -> dict[str, Any]:
    """The chunk that tells what a streamed chat took."""
    counts = {"prompt_tokens": prompt, "completion_tokens": reply, "total_tokens": prompt + reply}
    return {
        "object": "chat.completion.chunk",
        "choices": [],
        "usage": {**counts, "prompt_tokens_details": {"cached_tokens": cached}},
    }


def said(*texts: str, finish: str = "stop") -> Scripted:
    """A whole reply in these pieces."""
    return Scripted([*(event(chunk(text)) for text in texts), event(chunk(finish=finish)), DONE])


def refused(status: int, message: str = "no", headers: Mapping[str, str] | None = None, **more: Any) -> Scripted:
    """An error in OpenAI's shape."""
    body = json.dumps({"error": {"message": message, **more}}).encode()
    return Scripted([body], status, {"Content-Type": "application/json", **(headers or {})})
