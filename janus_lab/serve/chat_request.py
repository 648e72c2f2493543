"""A chat as OpenAI's API asks for it, in our words."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from janus_lab.serve.fields import Fields
from janus_lab.serve.refusals import Refused, wrong
from janus_lab.values.chat import AS_MANY_AS_FIT
from janus_lab.values.generation import TEXT, Message, Tool, ToolCall

MESSAGES_AT_MOST = 2_000
TOOLS_AT_MOST = 128
TOKENS_AT_MOST = 1_000_000
_ROLES = {"system": "system", "developer": "system", "user": "user", "assistant": "assistant", "tool": "tool"}
_SEEDS = 2**63


@dataclass(frozen=True, slots=True)
class Asked:
    """A chat to be continued, and how the reply is to be sent."""

    messages: tuple[Message, ...]
    model: str
    options: dict[str, Any]
    """What `Lab.start_chat` takes besides."""
    stream: bool
    usage_wanted: bool


def read_chat(fields: Fields) -> Asked:
    """The request in a body of `chat/completions`. Raises Refused."""
    messages = tuple(_message(each) for each in fields.objects("messages"))
    if not 1 <= len(messages) <= MESSAGES_AT_MOST:
        raise wrong("messages", f"1 to {MESSAGES_AT_MOST} messages are expected")
    asked = read_text(fields, messages, "max_completion_tokens", "max_tokens")
    asked.options["schema"] = _schema(fields.inner("response_format"))
    asked.options["tools"] = _tools(fields)
    return asked


def read_completion(fields: Fields) -> Asked:
    """The request in a body of `completions`: a text that is gone on with as it stands. Raises Refused."""
    prompt = fields.get("prompt")
    if isinstance(prompt, list) and len(prompt) == 1:
        prompt = prompt[0]
    if not isinstance(prompt, str) or not prompt:
        raise wrong("prompt", "one text is expected, that is not empty")
    return read_text(fields, (Message(TEXT, prompt),), "max_tokens")


def read_text(fields: Fields, messages: tuple[Message, ...], *lengths: str) -> Asked:
    """What both kinds of requests have in common; the first of `lengths` that is there counts."""
    fields.refuse_unkept()
    limits = [fields.whole(name, 1, TOKENS_AT_MOST) for name in lengths]
    options: dict[str, Any] = {
        "max_tokens": next((limit for limit in limits if limit is not None), AS_MANY_AS_FIT),
        "temperature": fields.number("temperature", 0.0, 0.0, 2.0),
        "seed": fields.whole("seed", -_SEEDS, _SEEDS - 1) or 0,
        "stop": fields.stops(),
        "priority": fields.priority(),
    }
    usage = fields.inner("stream_options").flag("include_usage")
    return Asked(messages, fields.text("model"), options, fields.flag("stream"), usage)


def _message(fields: Fields) -> Message:
    role = _ROLES.get(fields.needed("role"))
    if role is None:
        raise wrong(fields.path("role"), f"one of {', '.join(_ROLES)} is expected")
    calls = tuple(_call(each) for each in fields.objects("tool_calls"))
    return Message(role, _content(fields), calls, fields.text("tool_call_id"))


def _content(fields: Fields) -> str:
    """A message's text, which may come in parts."""
    if not isinstance(fields.get("content"), list):
        return fields.text("content")
    texts = []
    for part in fields.objects("content"):
        if part.needed("type") != "text":
            raise Refused(400, "unsupported_content", f"{part.path('type')}: only text is read", field="messages")
        texts.append(part.text("text"))
    return "".join(texts)


def _call(fields: Fields) -> ToolCall:
    function = fields.inner("function")
    return ToolCall(fields.needed("id"), function.needed("name"), function.text("arguments"))


def _tools(fields: Fields) -> tuple[Tool, ...]:
    choice = fields.get("tool_choice")
    if choice not in (None, "auto", "none"):
        raise Refused(400, "unsupported_parameter", "tool_choice can only be auto or none", field="tool_choice")
    tools = fields.objects("tools")
    if len(tools) > TOOLS_AT_MOST:
        raise wrong("tools", f"at most {TOOLS_AT_MOST} are expected")
    return () if choice == "none" else tuple(_tool(each) for each in tools)


def _tool(fields: Fields) -> Tool:
    if fields.text("type", "function") != "function":
        raise wrong(fields.path("type"), "function is expected")
    function = fields.inner("function")
    parameters = function.get("parameters") or {}
    return Tool(function.needed("name"), function.text("description"), json.dumps(parameters))


def _schema(form: Fields) -> str:
    """The schema that a reply must keep, as text: "" for none, "{}" for any object."""
    kind = form.text("type", "text")
    if kind == "text":
        return ""
    if kind == "json_object":
        return "{}"
    if kind != "json_schema":
        raise wrong(form.path("type"), "text, json_object or json_schema is expected")
    schema = form.inner("json_schema").get("schema")
    if not isinstance(schema, dict):
        raise wrong("response_format.json_schema.schema", "a JSON schema is expected")
    return json.dumps(schema)
