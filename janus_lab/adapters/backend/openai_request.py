"""A request for text as OpenAI-compatible servers want it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from janus_lab.adapters.backend.reply_schema import Schema, parse_schema
from janus_lab.errors import UserError
from janus_lab.values.generation import ANY_TOOL, TEXT, GenerationRequest, Message, Tool

_OPENAI = "api.openai.com"
_ANY_OBJECT = parse_schema("{}")


def chat_body(request: GenerationRequest, model: str, host: str) -> dict[str, object]:
    """The body of a call of `chat/completions` that streams. Raises GrammarRefused or UserError for a schema that is none."""
    # OpenAI's own models refuse the name that every other server understands.
    limit = "max_completion_tokens" if host == _OPENAI else "max_tokens"
    body: dict[str, object] = {
        "model": model,
        "messages": messages_body(request.messages),
        limit: request.max_tokens,
        "temperature": max(0.0, request.temperature),
        "seed": request.seed,
        "stream": True,
        "stream_options": {"include_usage": True},
    }
    if request.stop:
        body["stop"] = list(request.stop)
    if request.schema:
        body["response_format"] = _response_format(parse_schema(request.schema))
    if request.tools:
        body["tools"] = [_tool(tool) for tool in request.tools]
    if request.must_call:
        body["tool_choice"] = _tool_choice(request.must_call)
    return body


def messages_body(messages: tuple[Message, ...]) -> list[dict[str, object]]:
    """Chat messages, with the calls that the model asked for and the answers to them. Raises UserError for a text to go on with."""
    if any(message.role == TEXT for message in messages):
        raise UserError(
            "a model on a server goes on with chats, not with a text as it stands",
            remedy="ask for a chat, or name a model that runs in llama.cpp here",
        )
    return [_message(message) for message in messages]


def _message(message: Message) -> dict[str, object]:
    body: dict[str, object] = {"role": message.role, "content": sendable(message.content)}
    if message.tool_calls:
        body["tool_calls"] = [
            {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": sendable(call.arguments)}}
            for call in message.tool_calls
        ]
    if message.call_id:
        body["tool_call_id"] = message.call_id
    return body


def _tool(tool: Tool) -> dict[str, object]:
    try:
        parameters = json.loads(tool.parameters or "{}")
    except ValueError as error:
        raise UserError(
            f"the parameters of the tool {tool.name} are not JSON: {error}", remedy="give a JSON schema as text"
        ) from error
    return {
        "type": "function",
        "function": {"name": tool.name, "description": tool.description, "parameters": parameters},
    }


def _tool_choice(must_call: str) -> object:
    return "required" if must_call == ANY_TOOL else {"type": "function", "function": {"name": must_call}}


def _response_format(schema: Schema) -> dict[str, object]:
    if schema == _ANY_OBJECT:
        return {"type": "json_object"}
    return {"type": "json_schema", "json_schema": {"name": "reply", "schema": schema, "strict": _is_closed(schema)}}


def _is_closed(schema: Any) -> bool:
    """Whether every object in it lists all it has, which OpenAI asks of schemas that are kept to strictly."""
    if isinstance(schema, list):
        return all(map(_is_closed, schema))
    if not isinstance(schema, Mapping):
        return True
    if schema.get("type") == "object" or "properties" in schema:
        named = schema.get("properties", {})
        if schema.get("additionalProperties") is not False or set(schema.get("required", ())) != set(named):
            return False
    return all(map(_is_closed, schema.values()))


def sendable(text: str) -> str:
    """Text that UTF-8 can carry: a lone half of a character becomes a question mark."""
    return text.encode("utf-8", "replace").decode()
