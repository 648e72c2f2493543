"""The table of families: every kind of key that Janus has, in the order in which names are tried."""

from __future__ import annotations

import re

from janus_lab.adapters.keyspace import decoding, lease_decoding, queue_decoding
from janus_lab.adapters.keyspace.family import Family, named, one
from janus_lab.adapters.redis import keys

FOUND_AGAIN = "nothing for good: the runs it names are queued again from the ledger"
TOLD_AGAIN = "nothing for good: whoever lives says it again within seconds"
BOOK = "what holds of this machine are based on: work under way may overcommit it until all have asked again"

FAMILIES: tuple[Family, ...] = (
    Family(
        "claim",
        named(keys.claim, "run_id"),
        "Who carries out this run, until it expires unless it is renewed.",
        "the worker's hold: it stops, and another may begin the run again from its last step",
        decoding.claim,
    ),
    Family(
        "fence",
        one(keys.FENCE),
        "The last fencing number that was given out; it only grows.",
        "nothing for good: numbers go on from the server's clock",
        decoding.number,
    ),
    Family(
        "wish to cancel",
        named(keys.cancel, "run_id"),
        "Somebody asked this run to stop.",
        "the wish: the run goes on",
        decoding.nothing,
    ),
    Family(
        "event stream",
        named(keys.events, "run_id"),
        "What this run told while it went on, newest first; kept for a while after its last event.",
        "what followers have not read yet; the run and its result are in the ledger",
        decoding.events,
    ),
    Family(
        "lease book",
        named(lambda machine: keys.leases(machine)[0], "machine"),
        "What a machine has, and how much of it is leased, wanted, or used by others.",
        BOOK,
        lease_decoding.machine,
    ),
    Family(
        "leases",
        named(lambda machine: keys.leases(machine)[1], "machine"),
        "Who holds what of a machine, and who waits for what.",
        BOOK,
        lease_decoding.book,
    ),
    Family(
        "leases' deadlines",
        named(lambda machine: keys.leases(machine)[2], "machine"),
        "When each lease ends unless it is renewed, and each request unless it is repeated.",
        BOOK,
        lease_decoding.deadlines,
    ),
    Family(
        "leases' queue",
        named(lambda machine: keys.leases(machine)[3], "machine"),
        "The order in which waiting requests are served.",
        BOOK,
        lease_decoding.places,
    ),
    Family(
        "ending leases",
        named(lambda machine: keys.leases(machine)[4], "machine"),
        "What dead holders held: it counts until the machine was measured again.",
        BOOK,
        lease_decoding.ending,
    ),
    Family(
        "outdated leases",
        re.compile(f"{re.escape(keys.LEASED_MACHINES)}:(?P<machine>.+):(?P<format>[0-9]+):[a-z]+", re.DOTALL),
        "Leases as an earlier version of Janus kept them; nobody uses them any more, and they expire.",
        "nothing",
        decoding.nothing,
    ),
    Family(
        "machines",
        one(keys.LEASED_MACHINES),
        "Machines that publish what they have.",
        TOLD_AGAIN,
        lease_decoding.machines,
    ),
    Family(
        "step",
        named(keys.step, "step"),
        "Who works on a step that must happen once, or that it is done.",
        "its memory: the step may happen again",
        decoding.step,
    ),
    Family(
        "rate",
        named(keys.rate, "rate"),
        "When all that a rate let through is paid for; gone when that is past.",
        "the pause that is still due",
        decoding.rate,
    ),
    Family(
        "agent state",
        named(keys.agent_state, "agent"),
        "What an agent knows between its steps: the latest version.",
        "the agent's memory, for good",
        decoding.agent_state,
    ),
    Family(
        "agent history",
        named(keys.agent_history, "agent"),
        "Earlier versions of an agent's state, newest first.",
        "the earlier versions, for good",
        decoding.agent_history,
    ),
    Family(
        "agents", one(keys.AGENTS), "Agents that have a state.", "the list; the states themselves stay", decoding.agents
    ),
    Family(
        "sample",
        named(keys.sample, "machine"),
        "What a machine's sampler measured last; gone when it measures no more.",
        TOLD_AGAIN,
        decoding.sample,
    ),
    Family(
        "samples",
        named(keys.sample_history, "machine"),
        "What was measured in the last minutes, for curves.",
        "the curves' past",
        decoding.samples,
    ),
    Family("sampled machines", one(keys.SAMPLED), "Machines of which there were samples.", TOLD_AGAIN, decoding.names),
    Family(
        "worker",
        re.compile(f"{re.escape(keys.WORKER)}(:(?P<name>.+))?"),
        "A worker that says it is ready; forgotten when it stops saying so.",
        TOLD_AGAIN,
        decoding.worker,
    ),
    Family(
        "workers",
        one(keys.WORKERS),
        "The names of workers that have said they are ready.",
        TOLD_AGAIN,
        decoding.workers,
    ),
    Family(
        "clients",
        one(keys.ATTACHED),
        "How many times a client has attached to the engine room.",
        "nothing for good",
        decoding.number,
    ),
    Family(
        "parked messages",
        named(lambda queue: keys.dead_letters(queue)[1], "queue"),
        "Messages that no worker could handle, with the reason; `janus queue dead` lists them.",
        "the messages and their reasons; their runs stay in the ledger",
        queue_decoding.messages,
    ),
    Family(
        "delayed messages",
        named(lambda queue: keys.queued_messages(queue)[1], "queue"),
        "Messages that are to be delivered later; each names a run.",
        FOUND_AGAIN,
        queue_decoding.messages,
    ),
    Family(
        "run queue",
        named(lambda queue: keys.queued_messages(queue)[0], "queue"),
        "Messages that nobody has acknowledged yet; each names a run.",
        FOUND_AGAIN,
        queue_decoding.messages,
    ),
    Family(
        "dead letters",
        named(lambda queue: keys.dead_letters(queue)[0], "queue"),
        "Which messages were parked because no worker could handle them, and when.",
        "the order of what is parked",
        queue_decoding.times_of_death,
    ),
    Family(
        "doorbell",
        named(keys.doorbell, "queue"),
        "Rung when something is queued, so that an idle worker need not ask again and again.",
        "nothing for good: idle workers look by themselves a little later",
        decoding.count,
    ),
    Family(
        "fetched messages",
        named(keys.fetched_messages, "broker", "queue"),
        "Messages that one worker has fetched and not acknowledged yet.",
        FOUND_AGAIN,
        queue_decoding.identities,
    ),
    Family(
        "queue's heartbeats",
        one(f"{keys.QUEUE_NAMESPACE}:__heartbeats__"),
        "When each worker's broker was last heard of.",
        TOLD_AGAIN,
        queue_decoding.heartbeats,
    ),
    Family(
        "waiting messages",
        named(keys.waiting_messages, "queue"),
        "The order in which a queue's messages are fetched.",
        FOUND_AGAIN,
        queue_decoding.identities,
    ),
)


def family_of(name: bytes) -> Family | None:
    """The family that a key belongs to by its name, or None."""
    text = name.decode(errors="replace")
    return next((family for family in FAMILIES if family.pattern.fullmatch(text)), None)
