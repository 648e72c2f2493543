"""What a server streams, put together: text that is certain, calls of tools, usage, and how it ended. All of it untrusted."""

from __future__ import annotations

import codecs
from collections.abc import Mapping
from typing import Any

from janus_lab.adapters.backend.text_pieces import TextPieces
from janus_lab.errors import ModelFailed
from janus_lab.values.generation import FinishReason, GenerationRequest, Token, ToolCall, Usage

_FINISHES: Mapping[str, FinishReason] = {
    "stop": FinishReason.STOP,
    "eos": FinishReason.STOP,
    "eos_token": FinishReason.STOP,
    "end_turn": FinishReason.STOP,
    "stop_sequence": FinishReason.STOP,
    "length": FinishReason.LENGTH,
    "max_tokens": FinishReason.LENGTH,
    "tool_calls": FinishReason.TOOL_CALLS,
    "function_call": FinishReason.TOOL_CALLS,
}
_MOST_CHARACTERS = 64
"""No token is longer than this on average; a server that sends more doesn't keep to the length it was told."""
_MOST_CALLS = 64
_LONGEST_NAME = 120


class Reply:
    """Takes a streamed chat's events one after another. `server` names who speaks, for errors."""

    def __init__(self, request: GenerationRequest, server: str) -> None:
        self._server = server
        self._characters = (request.max_tokens + 1) * _MOST_CHARACTERS
        self._pieces = TextPieces(request.stop)
        # Halves of a character that come in two events are put together.
        self._halves = codecs.getincrementaldecoder("utf-16-le")("replace")
        self._calls: dict[int, dict[str, str]] = {}
        self._finish: FinishReason | None = None
        self._usage: Usage | None = None
        self._speaker = ""

    @property
    def enough(self) -> bool:
        """Whether nothing that is still to come belongs to the reply, as a stop sequence came that the server let pass."""
        return self._pieces.stopped and self._finish is None

    def take(self, event: object) -> str:
        """The text that became certain with this event. Raises ModelFailed for one that says nothing sensible."""
        chunk = self._mapping(event)
        self._count(chunk.get("usage"))
        if isinstance(speaker := chunk.get("model"), str):
            self._speaker = speaker
        choices = chunk.get("choices")
        if not choices:
            return ""
        if not isinstance(choices, list):
            raise self._garbage()
        choice = self._mapping(choices[0])
        delta = self._mapping(choice.get("delta") or {})
        self._call(delta.get("tool_calls"))
        text = self._text(delta)
        reason = choice.get("finish_reason")
        if reason is not None:
            self._end(reason)
        return text

    def last(self, model: str, asked: str) -> Token:
        """The last piece, by `model`, which the server was `asked` for by a name of its own; what else it names is told.

        Raises ModelFailed if the server never said that it was done.
        """
        if self._finish is None and not self._pieces.stopped:
            raise ModelFailed(
                f"the server of models at {self._server} broke off in the middle of its reply",
                remedy="read the server's log, then repeat",
            )
        text = self._pieces.push(self._halves.decode(b"", True).encode(), last=True)
        finish = FinishReason.STOP if self._pieces.stopped else self._finish
        calls = self._tool_calls() if finish in (FinishReason.STOP, FinishReason.TOOL_CALLS) else ()
        # Some servers end a reply with calls as any other; calls of a reply that was cut are not whole, and are left out.
        if calls:
            finish = FinishReason.TOOL_CALLS
        return Token(text, finish, tool_calls=calls, usage=self._usage, model=self._named(model, asked))

    def _named(self, model: str, asked: str) -> str:
        """The model, and who spoke in its place if the server says so."""
        told = "".join(c for c in self._speaker if c.isprintable())[:_LONGEST_NAME]
        return model if told in ("", model, asked[:_LONGEST_NAME]) else f"{model} ({told})"

    def _text(self, delta: Mapping[str, Any]) -> str:
        content = delta.get("content") or delta.get("refusal") or ""
        if not isinstance(content, str):
            raise self._garbage()
        self._spend(len(content))
        whole = self._halves.decode(content.encode("utf-16-le", "surrogatepass"))
        return self._pieces.push(whole.encode())

    def _call(self, deltas: object) -> None:
        """Put the pieces of calls together; each piece names its call by index."""
        if not deltas:
            return
        if not isinstance(deltas, list):
            raise self._garbage()
        for position, piece in enumerate(map(self._mapping, deltas)):
            index = piece.get("index", position)
            if not isinstance(index, int) or not 0 <= index < _MOST_CALLS:
                raise self._garbage()
            call = self._calls.setdefault(index, {"id": "", "name": "", "arguments": ""})
            function = self._mapping(piece.get("function") or {})
            for part, value in (("id", piece.get("id")), ("name", function.get("name"))):
                call[part] = call[part] or self._string(value)
            arguments = self._string(function.get("arguments"))
            self._spend(len(arguments))
            call["arguments"] += arguments

    def _tool_calls(self) -> tuple[ToolCall, ...]:
        return tuple(
            ToolCall(call["id"] or f"call_{index}", call["name"], call["arguments"])
            for index, call in sorted(self._calls.items())
        )

    def _end(self, reason: object) -> None:
        finish = _FINISHES.get(reason) if isinstance(reason, str) else None
        if finish is None:
            raise ModelFailed(
                f"the server of models at {self._server} ended its reply for a reason of its own: {str(reason)[:40]!r}",
                remedy="read the server's log; if it withheld the reply, ask in other words",
            )
        self._finish = finish

    def _count(self, usage: object) -> None:
        if not isinstance(usage, Mapping):
            return
        details = usage.get("prompt_tokens_details")
        cached = details.get("cached_tokens") if isinstance(details, Mapping) else 0
        self._usage = Usage(_whole(usage.get("prompt_tokens")), _whole(usage.get("completion_tokens")), _whole(cached))

    def _spend(self, characters: int) -> None:
        self._characters -= characters
        if self._characters < 0:
            raise ModelFailed(
                f"the server of models at {self._server} writes more than it was asked for",
                remedy="see that it keeps to max_tokens, or use another server",
            )

    def _string(self, value: object) -> str:
        if value is not None and not isinstance(value, str):
            raise self._garbage()
        return value or ""

    def _mapping(self, value: object) -> Mapping[str, Any]:
        if not isinstance(value, Mapping):
            raise self._garbage()
        return value

    def _garbage(self) -> ModelFailed:
        return ModelFailed(
            f"the server of models at {self._server} sent something that is no chat's reply",
            remedy="see that its API is OpenAI-compatible, and read its log",
        )


def _whole(value: object) -> int:
    return value if isinstance(value, int) and value > 0 else 0
