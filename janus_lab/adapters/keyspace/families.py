"""What each key is to us: one table, made of the same functions that name the keys."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from janus_lab.adapters.keyspace import decoding, queue_decoding
from janus_lab.adapters.keyspace.contents import Contents
from janus_lab.adapters.keyspace.decoding import Decoded
from janus_lab.adapters.redis import keys

Decode: TypeAlias = Callable[[Contents], Decoded]


@dataclass(frozen=True, slots=True)
class Family:
    """Keys of one kind: how they are named (groups name the parts), what they are for, what is lost with one, how one is read."""

    name: str
    pattern: re.Pattern[str]
    about: str
    loss: str
    decode: Decode

    def decoded(self, name: bytes, contents: Contents) -> Decoded:
        """What a key means, parts of its name first. What is no value of the family's means nothing: it is shown as it is."""
        found = self.pattern.fullmatch(name.decode(errors="replace"))
        named = found.groupdict() if found else {}
        try:
            facts, members = self.decode(contents)
        except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError):
            return named, ()
        return {**named, **facts}, members


def family_of(name: bytes) -> Family | None:
    """The family that a key belongs to by its name, or None."""
    text = name.decode(errors="replace")
    return next((family for family in FAMILIES if family.pattern.fullmatch(text)), None)


def _named(build: Callable[..., str], *parts: str) -> re.Pattern[str]:
    """The pattern of names that `build` makes: each of its arguments is a group of that name."""
    marks = [f"\x00{part}\x00" for part in parts]
    text = re.escape(build(*marks))
    for part, mark in zip(parts, marks, strict=True):
        text = text.replace(re.escape(mark), f"(?P<{part}>.+)")
    return re.compile(text, re.DOTALL)


def _one(name: str) -> re.Pattern[str]:
    return re.compile(re.escape(name))


_FOUND_AGAIN = "nothing for good: the runs it names are queued again from the ledger"

FAMILIES: tuple[Family, ...] = (
    Family(
        "claim",
        _named(keys.claim, "run_id"),
        "Who carries out this run, until it expires unless it is renewed.",
        "the worker's hold: it stops, and another may begin the run again from its last step",
        decoding.claim,
    ),
    Family(
        "fence",
        _one(keys.FENCE),
        "The last fencing number that was given out; it only grows.",
        "nothing for good: numbers go on from the server's clock",
        decoding.number,
    ),
    Family(
        "wish to cancel",
        _named(keys.cancel, "run_id"),
        "Somebody asked this run to stop.",
        "the wish: the run goes on",
        decoding.nothing,
    ),
    Family(
        "event stream",
        _named(keys.events, "run_id"),
        "What this run told while it went on, newest first; kept for a while after its last event.",
        "what followers have not read yet; the run and its result are in the ledger",
        decoding.events,
    ),
    Family(
        "worker",
        re.compile(f"{re.escape(keys.WORKER)}(:(?P<name>.+))?"),
        "A worker that says it is ready; forgotten when it stops saying so.",
        "nothing for good: a living worker says it again within seconds",
        decoding.worker,
    ),
    Family(
        "workers",
        _one(keys.WORKERS),
        "The names of workers that have said they are ready.",
        "nothing for good: living workers say it again within seconds",
        decoding.workers,
    ),
    Family(
        "clients",
        _one(keys.ATTACHED),
        "How many times a client has attached to the engine room.",
        "nothing for good",
        decoding.number,
    ),
    Family(
        "parked messages",
        _named(lambda queue: keys.dead_letters(queue)[1], "queue"),
        "Messages that no worker could handle, with the reason; `janus queue dead` lists them.",
        "the messages and their reasons; their runs stay in the ledger",
        queue_decoding.messages,
    ),
    Family(
        "delayed messages",
        _named(lambda queue: keys.queued_messages(queue)[1], "queue"),
        "Messages that are to be delivered later; each names a run.",
        _FOUND_AGAIN,
        queue_decoding.messages,
    ),
    Family(
        "run queue",
        _named(lambda queue: keys.queued_messages(queue)[0], "queue"),
        "Messages that nobody has acknowledged yet; each names a run.",
        _FOUND_AGAIN,
        queue_decoding.messages,
    ),
    Family(
        "dead letters",
        _named(lambda queue: keys.dead_letters(queue)[0], "queue"),
        "Which messages were parked because no worker could handle them, and when.",
        "the order of what is parked",
        queue_decoding.times_of_death,
    ),
    Family(
        "doorbell",
        _named(keys.doorbell, "queue"),
        "Rung when something is queued, so that an idle worker need not ask again and again.",
        "nothing for good: idle workers look by themselves a little later",
        decoding.count,
    ),
    Family(
        "fetched messages",
        _named(keys.fetched_messages, "broker", "queue"),
        "Messages that one worker has fetched and not acknowledged yet.",
        _FOUND_AGAIN,
        queue_decoding.identities,
    ),
    Family(
        "queue's heartbeats",
        _one(f"{keys.QUEUE_NAMESPACE}:__heartbeats__"),
        "When each worker's broker was last heard of.",
        "nothing for good: living brokers are heard of again within seconds",
        queue_decoding.heartbeats,
    ),
    Family(
        "waiting messages",
        _named(keys.waiting_messages, "queue"),
        "The order in which a queue's messages are fetched.",
        _FOUND_AGAIN,
        queue_decoding.identities,
    ),
)
"""In the order in which names are tried: the more special first."""
