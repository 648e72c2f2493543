"""Leases: what of a machine somebody may use, granted all at once, for as long as they say that they live."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from janus_lab.values.run import Priority

RAM = "ram"
"""Main memory in bytes."""
CPU = "cpu"
"""Processor slots: threads that compute at a time."""

PUT_BACK_SECONDS: Mapping[Priority, float] = {Priority.INTERACTIVE: 0.0, Priority.AGENT: 30.0, Priority.BATCH: 120.0}
"""How much later a class counts as having asked: better classes overtake it, until it has waited so long."""


def vram(device_id: str) -> str:
    """Memory of one accelerator in bytes, by `Device.id`."""
    return f"vram:{device_id}"


def is_memory(resource: str) -> bool:
    """Whether a resource is memory, of the machine or of an accelerator: what a loaded model holds."""
    return resource == RAM or resource.startswith("vram:")


def slot(name: str) -> str:
    """A named place of which there are few, such as `model:x`; how many is part of a machine's capacity."""
    return f"slot:{name}"


@dataclass(frozen=True, slots=True)
class LeaseRequest:
    """A weighted claim on several resources of one machine at once. Weights of 0 claim nothing.

    `id` is made by the asker and names the request and then the lease, so that asking again after a lost reply changes
    nothing. `weights` are bytes, processor slots or named slots, by resource. `lasting` says that it is held between pieces of
    work (a loaded model), so that nobody is made to wait for its end.
    """

    id: str
    weights: Mapping[str, int]
    priority: Priority
    holder: str
    purpose: str
    pid: int = 0
    run_id: str = ""
    step: str = ""
    cell: str = ""
    """Where it was asked from, such as the execution count of a notebook's cell; for people."""
    lasting: bool = False


class GrantState(StrEnum):
    """What became of a request."""

    GRANTED = "granted"
    WAITING = "waiting"
    CLOSED = "closed"
    """It waits, and nothing is granted meanwhile: what the machine has is not known, because a probe failed or is stale."""
    IMPOSSIBLE = "impossible"
    """It asks for more than the machine's budget, or for a resource that is not there; it is not queued."""


@dataclass(frozen=True, slots=True)
class Grant:
    """The answer to a request. `fence` only grows and is 0 unless GRANTED; `lacking` are the resources it waits for."""

    state: GrantState
    fence: int = 0
    waited_seconds: float = 0.0
    lacking: tuple[str, ...] = ()


class Renewal(StrEnum):
    """What became of a heartbeat."""

    RENEWED = "renewed"
    YIELD = "yield"
    """Renewed, and others wait for what it holds: give it back at the next step boundary.

    They are of higher priority; or of any, where it is held between pieces of work.
    """
    ASKED_BACK = "asked-back"
    """Renewed, and somebody wants just this one back: give it back as soon as nobody uses what it covers."""
    EXPIRED = "expired"
    """It is not ours any more; a renewal never revives it."""


@dataclass(frozen=True, slots=True)
class Lease:
    """A lease that somebody holds. Times are seconds since the epoch by the server's clock."""

    request: LeaseRequest
    fence: int
    granted_at: float
    expires_at: float
    waited_seconds: float = 0.0
    yield_wanted: bool = False
    asked_back: bool = False


@dataclass(frozen=True, slots=True)
class Waiting:
    """A request that waits, and since when."""

    request: LeaseRequest
    since: float


@dataclass(frozen=True, slots=True)
class Capacity:
    """One resource of a machine, in its unit.

    `budget` may be used in all. `outside` is measured use that no lease covers: other programs', and what holders use beyond
    their leases. `failure` says why it is not known how much there is; nothing of it is granted then.
    """

    budget: int
    outside: int = 0
    failure: str = ""


@dataclass(frozen=True, slots=True)
class ResourceUse:
    """A resource as it stands: `leased` is granted and alive, `ending` was held by somebody dead and is not yet seen to be free."""

    capacity: Capacity
    leased: int = 0
    ending: int = 0


def free_of(use: ResourceUse) -> int:
    """What nobody uses or holds of a resource; below 0 where more is used than there may be."""
    return use.capacity.budget - use.capacity.outside - use.leased - use.ending


@dataclass(frozen=True, slots=True)
class LeaseBook:
    """Everything about one machine's leases, read at `at`. `open` is false while its sample is stale; waiting in order."""

    machine: str
    at: float
    open: bool
    resources: Mapping[str, ResourceUse] = field(default_factory=dict)
    leases: tuple[Lease, ...] = ()
    waiting: tuple[Waiting, ...] = ()
