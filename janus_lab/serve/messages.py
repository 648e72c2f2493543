"""A chat's messages as OpenAI's API writes them, in our words."""

from __future__ import annotations

from janus_lab.serve.fields import Fields
from janus_lab.serve.refusals import Refused, wrong
from janus_lab.values.generation import Message, ToolCall

MESSAGES_AT_MOST = 2_000
_ROLES = {"system": "system", "developer": "system", "user": "user", "assistant": "assistant", "tool": "tool"}


def read_messages(fields: Fields) -> tuple[Message, ...]:
    """The field `messages`. Raises Refused."""
    messages = tuple(_message(each) for each in fields.objects("messages"))
    if not 1 <= len(messages) <= MESSAGES_AT_MOST:
        raise wrong("messages", f"1 to {MESSAGES_AT_MOST} messages are expected")
    return messages


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
