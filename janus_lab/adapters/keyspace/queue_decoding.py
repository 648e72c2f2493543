"""What the broker's keys mean, as JSON-ready facts and members. Whatever is raised means: it is no such value."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from janus_lab.adapters.keyspace.contents import Contents
from janus_lab.adapters.keyspace.decoding import Decoded


def messages(contents: Contents) -> Decoded:
    """Messages by what they are about, oldest first."""
    found = [_message(identity, data) for identity, data in contents.pairs]
    return {}, tuple(sorted(found, key=lambda message: message.get("queued_at", 0.0)))


def times_of_death(contents: Contents) -> Decoded:
    """Parked messages, oldest first."""
    return {}, tuple({"message": _text(name), "died_at": float(ms) / 1000} for name, ms in contents.pairs)


def heartbeats(contents: Contents) -> Decoded:
    """Brokers, the one not heard of for longest first."""
    return {}, tuple({"broker": _text(name), "heard_at": float(ms) / 1000} for name, ms in contents.pairs)


def identities(contents: Contents) -> Decoded:
    """Ids of messages in their order."""
    column = 1 if contents.type == "list" else 0
    return {}, tuple({"message": _text(pair[column])} for pair in contents.pairs)


def _message(identity: bytes, data: bytes) -> Mapping[str, Any]:
    from janus_lab.adapters.queue.message import NO_MESSAGE, REASON, readable, run_id_of

    message = readable(data)
    if message is None:
        return {"message": _text(identity), "reason": NO_MESSAGE}
    facts = {
        "message": _text(identity),
        "run_id": run_id_of(message),
        "queued_at": message.message_timestamp / 1000,
        "retries": message.options.get("retries", 0),
    }
    reason = message.options.get(REASON)
    return {**facts, "reason": str(reason)} if reason else facts


def _text(data: bytes) -> str:
    return data.decode(errors="replace")
