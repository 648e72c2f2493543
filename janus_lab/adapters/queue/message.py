"""What a message is: a run's id for the actor of one priority. Anything else is parked before it can do harm."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dramatiq import Message
from dramatiq.errors import DecodeError

from janus_lab.values.run import Priority

if TYPE_CHECKING:
    from collections.abc import Mapping

MAX_RETRIES = 12
MIN_BACKOFF_MS = 500
MAX_BACKOFF_MS = 30_000
REASON = "janus_reason"
"""The option of a parked message that says why it was."""
NO_MESSAGE = "it is no message of ours"
_OF_ATTEMPTS = {"eta", "retries", "traceback", "requeue_timestamp", REASON}
"""Options that belong to past attempts."""


def actor_name(priority: Priority) -> str:
    """The actor that carries out runs of that priority."""
    return f"carry_out_{priority.value}"


def run_message(run_id: str, priority: Priority, queue_name: str) -> Message[None]:
    """The message that lets a worker carry out the run."""
    return Message(queue_name=queue_name, actor_name=actor_name(priority), args=(run_id,), kwargs={}, options={})


def decoded(data: bytes, queue_name: str) -> Message[Any]:
    """The message in `data`, as a consumer of that queue may take it. Raises DecodeError for what no worker could handle."""
    message = readable(data)
    if message is None or message.queue_name != queue_name:
        raise DecodeError("The message is not one of this queue.", data, None)
    return message


def readable(data: bytes) -> Message[Any] | None:
    """The message in `data`, of whatever queue, or None."""
    try:
        message = Message.decode(data)
    except DecodeError:
        return None
    return message if isinstance(message.options, dict) and isinstance(message.kwargs, dict) else None


def run_id_of(message: Message[Any]) -> str:
    """The run that a message names, or ""."""
    return message.args[0] if len(message.args) == 1 and isinstance(message.args[0], str) else ""


def reason_of(exception: BaseException | None) -> str:
    """Why a message was given up, in one line."""
    if exception is None:
        return "it was given up"
    return " ".join(f"{type(exception).__name__}: {exception}".split())[:500]


def afresh(message: Message[Any], **options: object) -> Message[Any]:
    """The message as it was before any attempt."""
    kept: Mapping[str, object] = {k: v for k, v in message.options.items() if k not in _OF_ATTEMPTS}
    fields = message.asdict()
    fields["options"] = {**kept, **options}
    fields["queue_name"] = message.queue_name.removesuffix(".DQ")
    return Message(**fields)
