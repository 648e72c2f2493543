"""The names of everything kept in Redis; no other module builds one.

All keys share the hash tag `{janus}`, so that a script may touch several of them on a cluster, too.
"""

from __future__ import annotations

from functools import cache

TAG = "{janus}"
FENCE = f"{TAG}:fence"
WORKER = f"{TAG}:worker"
"""JSON about the worker that is ready; expires unless its heartbeat renews it."""
WORKERS = f"{TAG}:workers"
"""The names of workers that have said they are ready, by when (seconds since the epoch); they may have died since."""
ATTACHED = f"{TAG}:attached"
"""How many times a client has attached to the engine room; only its changes matter."""
AGENTS = f"{TAG}:agents"
"""Agents that have a state, by when it was written (milliseconds since the epoch)."""
SAMPLED = f"{TAG}:sampled"
"""The set of the names of machines that were measured; their samples may have expired since."""
LEASED_MACHINES = f"{TAG}:leases"
"""The names of machines that have leases to grant, by when they last said what they have (microseconds since the epoch)."""
LEASES_FORMAT = "5"
"""To be raised with what the keys of leases hold: a server outlives the version of Janus that wrote them, and can't read others'."""
QUEUE_NAMESPACE = f"{TAG}:queue"
"""Prefix of the keys that Dramatiq makes."""


def claim(run_id: str) -> str:
    """The hash that says who works on a run."""
    return f"{TAG}:claim:{run_id}"


def cancel(run_id: str) -> str:
    """The wish that a run stop; there or not."""
    return f"{TAG}:cancel:{run_id}"


def events(run_id: str) -> str:
    """The stream of a run's events."""
    return f"{TAG}:events:{run_id}"


def doorbell(queue_name: str) -> str:
    """The list on which a queue's idle consumers wait."""
    return f"{TAG}:doorbell:{queue_name}"


def queued_messages(queue_name: str) -> tuple[str, str]:
    """The hashes of a queue's messages that nobody has acknowledged: due ones, and delayed ones."""
    return f"{QUEUE_NAMESPACE}:{queue_name}.msgs", f"{QUEUE_NAMESPACE}:{queue_name}.DQ.msgs"


def waiting_messages(queue_name: str) -> str:
    """The list of ids of a queue's messages that wait for a consumer."""
    return f"{QUEUE_NAMESPACE}:{queue_name}"


def fetched_messages(broker_id: str, queue_name: str) -> str:
    """The ids of a queue's messages that one broker's consumers have fetched."""
    return f"{QUEUE_NAMESPACE}:__acks__.{broker_id}.{queue_name}"


def dead_letters(queue_name: str) -> tuple[str, str]:
    """A queue's parked messages: a sorted set of ids by time of death in milliseconds, and a hash of their bytes."""
    return f"{QUEUE_NAMESPACE}:{queue_name}.XQ", f"{QUEUE_NAMESPACE}:{queue_name}.XQ.msgs"


def worker(name: str) -> str:
    """JSON about one of many workers that are ready; expires unless its heartbeat renews it."""
    return f"{WORKER}:{name}"


def sample(machine: str) -> str:
    """JSON of what a machine's sampler measured last; expires when it measures no more."""
    return f"{TAG}:sample:{machine}"


def sample_history(machine: str) -> str:
    """The sorted set of a machine's samples of the last minutes, as JSON, by time of measurement."""
    return f"{TAG}:samples:{machine}"


def step(name: str) -> str:
    """The hash that says who works on a step, or that it is done."""
    return f"{TAG}:step:{name}"


@cache
def leases(machine: str) -> tuple[str, ...]:
    """What the scripts of leases take as KEYS[1] to KEYS[6], of one machine."""
    parts = ("machine", "records", "deadlines", "waiting", "ending", "granted")
    return tuple(f"{LEASED_MACHINES}:{machine}:{LEASES_FORMAT}:{part}" for part in parts)


def outdated_leases(machine: str) -> tuple[str, ...]:
    """What earlier formats of a machine's leases left behind; no script touches them."""
    earlier = range(1, int(LEASES_FORMAT))
    now = f":{LEASES_FORMAT}:"
    return tuple(f":{number}:".join(name.rsplit(now, 1)) for number in earlier for name in leases(machine)[:-1])


def granted(machine: str) -> str:
    """The channel that tells which of a machine's waiting requests were granted."""
    return leases(machine)[-1]


def rate(name: str) -> str:
    """The number that says when all that a rate let through is paid for (microseconds since the epoch)."""
    return f"{TAG}:rate:{name}"


def agent_state(agent: str) -> str:
    """The hash of the latest version of an agent's state."""
    return f"{TAG}:agent:{agent}"


def agent_history(agent: str) -> str:
    """The list of the earlier versions of an agent's state, newest first."""
    return f"{TAG}:agent-history:{agent}"
