"""A chat as OpenAI's API asks for it, in our words."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from janus_lab.serve.fields import Fields
from janus_lab.serve.messages import read_messages
from janus_lab.serve.offered_tools import read_tools
from janus_lab.serve.refusals import wrong
from janus_lab.values.chat import AS_MANY_AS_FIT
from janus_lab.values.generation import TEXT, Message

TOKENS_AT_MOST = 1_000_000
_SEEDS = 2**63
_KEPT = ("model", "max_tokens", "temperature", "seed", "stop", "stream", "stream_options", "priority")
"""Fields that both kinds of requests have in common."""


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
    fields.refuse_unkept((*_KEPT, "messages", "max_completion_tokens", "response_format", "tools", "tool_choice"))
    asked = _read_text(fields, read_messages(fields), "max_completion_tokens", "max_tokens")
    asked.options["schema"] = _schema(fields.inner("response_format"))
    asked.options["tools"], asked.options["must_call"] = read_tools(fields)
    return asked


def read_completion(fields: Fields) -> Asked:
    """The request in a body of `completions`: a text that is gone on with as it stands. Raises Refused."""
    fields.refuse_unkept((*_KEPT, "prompt"))
    prompt = fields.get("prompt")
    if isinstance(prompt, list) and len(prompt) == 1:
        prompt = prompt[0]
    if not isinstance(prompt, str) or not prompt:
        raise wrong("prompt", "one text is expected, that is not empty")
    return _read_text(fields, (Message(TEXT, prompt),), "max_tokens")


def _read_text(fields: Fields, messages: tuple[Message, ...], *lengths: str) -> Asked:
    """What both kinds of requests have in common; the first of `lengths` that is there counts."""
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
