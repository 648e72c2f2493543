"""A model's chat template: messages to the text that the model is to go on with."""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Sequence
from typing import Any

import structlog

from janus_lab.errors import MissingPackage, ModelFailed
from janus_lab.values.generation import Message

Write = Callable[[Sequence[Message]], str]

_PROBE = "a9f3c"
_log = structlog.get_logger(__name__)


def chat_writer(source: str, *, bos: str, eos: str) -> Write:
    """What writes chats for a model: its own template, else llama.cpp's of the same family, else plain lines.

    A template that can't be read, does nothing with what the user says, or takes too much is passed over, and the log says so.
    Writing raises ModelFailed for messages that the template refuses.
    """
    for name, make in (("own", _own), ("llama.cpp's", _builtin)):
        if not source:
            break
        try:
            write = make(source, bos, eos)
            if _PROBE in write([Message("user", _PROBE)]):
                return write
        except MissingPackage:
            raise
        except Exception as error:  # noqa: BLE001 - whatever a stranger's program raises
            _log.warning("chat-template-passed-over", which=name, reason=str(error)[:200])
    return _plain


def _own(source: str, bos: str, eos: str) -> Write:
    try:
        from janus_lab.adapters.backend.chat_templates.bounded import BoundedEnvironment
    except ImportError as error:
        raise MissingPackage(
            "chat templates of models need the package jinja2", remedy="pip install 'janus-lab[starter]'"
        ) from error
    environment = BoundedEnvironment()
    template = environment.bounded(source)

    def render(messages: Sequence[Message]) -> str:
        chat = [_as_template_sees(message) for message in messages]
        return environment.rendered(
            template, messages=chat, bos_token=bos, eos_token=eos, add_generation_prompt=True, tools=None
        )

    def write(messages: Sequence[Message]) -> str:
        try:
            return render(messages)
        except Exception as error:  # whatever a stranger's program raises
            simple = simplified(messages)
            if simple == list(messages):
                raise _refused(error) from error
        try:
            return render(simple)
        except Exception as error:
            raise _refused(error) from error

    return write


def simplified(messages: Sequence[Message]) -> list[Message]:
    """The same chat for templates without a system's voice, or that want user and assistant in turn."""
    system = [m.content for m in messages if m.role == "system"]
    turns: list[Message] = []
    for message in (m for m in messages if m.role != "system"):
        if turns and turns[-1].role == message.role and not (message.tool_calls or turns[-1].tool_calls):
            turns[-1] = Message(message.role, f"{turns[-1].content}\n\n{message.content}")
        else:
            turns.append(message)
    if system:
        told = "\n\n".join(system)
        if turns and turns[0].role == "user":
            turns[0] = Message("user", f"{told}\n\n{turns[0].content}")
        else:
            turns.insert(0, Message("user", told))
    return turns


def _builtin(source: str, bos: str, eos: str) -> Write:  # noqa: ARG001 - these templates name their tokens themselves
    """One of those that llama.cpp knows, recognised by what stands in the model's own."""
    import llama_cpp

    def write(messages: Sequence[Message]) -> str:
        told = [(m.role.encode(), m.content.encode("utf-8", "replace").replace(b"\0", b"")) for m in messages]
        chat = (llama_cpp.llama_chat_message * len(told))(*[llama_cpp.llama_chat_message(*each) for each in told])
        room = 1024 + 4 * sum(len(role) + len(content) + 64 for role, content in told)
        buffer = ctypes.create_string_buffer(room)
        size = llama_cpp.llama_chat_apply_template(source.encode(), chat, len(told), True, buffer, room)
        if not 0 <= size <= room:
            raise ModelFailed("llama.cpp does not know this chat template", remedy="choose another model")
        return buffer.raw[:size].decode("utf-8", "replace")

    return write


def _plain(messages: Sequence[Message]) -> str:
    """For a model that brings no template."""
    return "".join(f"{m.role}: {m.content}\n\n" for m in messages) + "assistant:"


def _as_template_sees(message: Message) -> dict[str, Any]:
    seen: dict[str, Any] = {"role": message.role, "content": message.content}
    if message.tool_calls:
        seen["tool_calls"] = [
            {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.arguments}}
            for call in message.tool_calls
        ]
    if message.call_id:
        seen["tool_call_id"] = message.call_id
    return seen


def _refused(error: Exception) -> ModelFailed:
    return ModelFailed(
        f"the model's chat template does not take these messages: {str(error)[:300]}",
        remedy="ask with system, user and assistant messages in turn, or choose another model",
    )
