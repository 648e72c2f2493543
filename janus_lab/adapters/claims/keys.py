"""The names of everything kept in Redis; no other module builds one.

All keys share the hash tag `{janus}`, so that a script may touch several of them on a cluster, too.
"""

from __future__ import annotations

TAG = "{janus}"
FENCE = f"{TAG}:fence"
WORKER = f"{TAG}:worker"
"""JSON about the worker that is ready; expires unless its heartbeat renews it."""
ATTACHED = f"{TAG}:attached"
"""How many times a client has attached to the engine room; only its changes matter."""
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
