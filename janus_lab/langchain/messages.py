"""LangChain's messages as ours, and our replies as LangChain's."""

from __future__ import annotations

from collections.abc import Sequence

from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage, ChatMessage, HumanMessage, SystemMessage
from langchain_core.messages.ai import UsageMetadata

from janus_lab.errors import UserError
from janus_lab.values.chat import ChatReply
from janus_lab.values.generation import Message

PROVIDER = "janus"
_ROLES: dict[type[BaseMessage], str] = {HumanMessage: "user", AIMessage: "assistant", SystemMessage: "system"}
_WRITERS = frozenset(_ROLES.values())


def ours(messages: Sequence[BaseMessage]) -> tuple[Message, ...]:
    """The messages for our model; names are left out. Raises UserError for what it can't take: images, tools."""
    return tuple(Message(_role(message), _text(message)) for message in messages)


def reply_message(reply: ChatReply) -> AIMessage:
    """A whole reply, with what it cost and where it came from."""
    return AIMessage(content=reply.text, usage_metadata=_usage(reply), response_metadata=_facts(reply))


def piece_message(text: str) -> AIMessageChunk:
    """A piece of a reply."""
    return AIMessageChunk(content=text)


def last_message(reply: ChatReply) -> AIMessageChunk:
    """The end of a streamed reply: no text, and what it cost."""
    return AIMessageChunk(
        content="", usage_metadata=_usage(reply), response_metadata=_facts(reply), chunk_position="last"
    )


def _role(message: BaseMessage) -> str:
    if isinstance(message, ChatMessage):
        if message.role in _WRITERS:
            return message.role
    else:
        for kind, role in _ROLES.items():
            if isinstance(message, kind):
                return role
    raise UserError(
        f"the model takes no {message.type} messages", remedy="send system, human and AI messages, and no tools"
    )


def _text(message: BaseMessage) -> str:
    foreign = sorted({str(block["type"]) for block in message.content_blocks} - {"text"})
    if foreign:
        raise UserError(f"the model takes text, and no {', '.join(foreign)}", remedy="send text only")
    return str(message.text)


def _usage(reply: ChatReply) -> UsageMetadata:
    return UsageMetadata(
        input_tokens=reply.prompt_tokens,
        output_tokens=reply.reply_tokens,
        total_tokens=reply.prompt_tokens + reply.reply_tokens,
    )


def _facts(reply: ChatReply) -> dict[str, str]:
    return {
        "model_name": reply.model,
        "model_provider": PROVIDER,
        "finish_reason": reply.finish.value,
        "janus_run": reply.run_id,
    }
