"""What a machine is, what of our models fits it, and which settings follow from that."""

from __future__ import annotations

from dataclasses import dataclass, field

from janus_lab.values.machine import Sample

Number = int | float


@dataclass(frozen=True, slots=True)
class Processor:
    """The processors that this process may run on.

    `cores` are physical ones (0: not told), `threads` what the operating system offers; a container's share of their time is
    `Sample.cpu_count`. `instructions` are those among the processor's that matter to models, such as `avx2`.
    """

    name: str
    system: str
    architecture: str
    cores: int
    threads: int
    instructions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Inventory:
    """A machine as it was found: measured at one moment, with what does not change. `disk_free` is the data directory's, in bytes."""

    sample: Sample
    processor: Processor
    disk_free: int = 0


@dataclass(frozen=True, slots=True)
class ModelFit:
    """Whether a set of models fits within the budgets, and where.

    `place` is `cpu`, or the resources that its generating model would fill (`vram:0`, or several with `+`); empty where it fits
    nowhere, and then `lacking_bytes` are missing at the place that comes nearest. `work` is how many times the starter set's
    bytes are read for each word it writes.
    """

    name: str
    models: str
    needed_bytes: int
    place: str
    lacking_bytes: int = 0
    work: float = 1.0
    packaged: bool = False
    """Whether it comes in Python packages, so that nothing is to be fetched."""


@dataclass(frozen=True, slots=True)
class Advice:
    """A setting, or a server's variable, that suits the machine: what it is now, what it should be, and why in one line."""

    name: str
    value: Number
    current: Number
    reason: str
    table: str = ""
    """The table of `janus.toml` that it belongs in; "" is above all tables."""


@dataclass(frozen=True, slots=True)
class HardwareProfile:
    """What a machine can do. `servers` are variables of `.env` for servers that run here; `notes` what else to know."""

    inventory: Inventory
    models: tuple[ModelFit, ...]
    settings: tuple[Advice, ...]
    servers: tuple[Advice, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Kept:
    """A line that was left as it is because a person wrote it: its name, where it stands, and what was proposed for it."""

    name: str
    place: str
    proposed: Number


@dataclass(frozen=True, slots=True)
class ProfileWritten:
    """What `profile --write` changed: files, the difference as unified diff ("" for none), and what was kept."""

    files: tuple[str, ...]
    diff: str
    kept: tuple[Kept, ...] = ()
    notes: tuple[str, ...] = field(default=())
