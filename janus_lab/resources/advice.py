"""Which settings suit a machine: each a number that follows from what the machine has, with the reason in one line."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from janus_lab.resources.budgets import MB
from janus_lab.settings import Settings
from janus_lab.values.hardware import Advice, Inventory
from janus_lab.values.size import size

WORKER_BYTES = 1_500_000_000
"""What a worker takes with the starter models at work."""
SLOTS_PER_WORKER = 4
MOST_WORKERS = 8
LITTLE_BYTES = 2_000_000_000
"""With less main memory than this, every buffer counts."""


@dataclass(frozen=True, slots=True)
class Power:
    """What the rules start from: memory in MB, processors that compute at a time, physical cores among them."""

    ram_mb: int
    slots: int
    cores: int
    contained: bool
    """Whether a container sets the limits, so that nobody else lives within them."""

    @classmethod
    def of(cls, inventory: Inventory) -> Power:
        """The machine's, within a container's limits."""
        sample, processor = inventory.sample, inventory.processor
        slots = max(1, int(sample.cpu_count))
        return cls(
            sample.ram_total // MB, slots, max(1, min(processor.cores or slots, slots)), contained=bool(sample.limited)
        )

    @property
    def headroom_mb(self) -> int:
        """Main memory that no lease covers."""
        share, least = (self.ram_mb // 12, 256) if self.contained else (self.ram_mb // 8, 512)
        return max(least, min(share, 8000))

    @property
    def little(self) -> bool:
        """Whether large buffers are to be avoided."""
        return self.ram_mb * MB < LITTLE_BYTES


def advice(inventory: Inventory, settings: Settings) -> Iterator[Advice]:
    """The settings, those of leases first; what differs where several workers share servers goes into their profile's table."""
    power = Power.of(inventory)
    for name, value, reason in (*_leases(power, inventory), *_threads(power), *_batches(power), *_databases(power)):
        yield Advice(name, value, getattr(settings, name), reason)
    if not settings.one_owner:
        for name, value, reason in _workers(power):
            yield Advice(name, value, getattr(settings, name), reason, f"profiles.{settings.profile}")


_Line = tuple[str, int, str]


def _leases(power: Power, inventory: Inventory) -> Iterator[_Line]:
    whose = "the container's own needs" if power.contained else "the system and what else runs here"
    yield "ram_headroom_mb", power.headroom_mb, f"of {_size(power.ram_mb)}, left for {whose}"
    budget = max(0, power.ram_mb - power.headroom_mb)
    yield "lease_ram_mb", budget, f"{_size(power.ram_mb)} less the headroom; what other programs use counts besides"
    yield "lease_cpu_slots", power.slots, _one("processor", power.slots) + " may compute at a time"
    rooms = [device.memory_total // MB for device in inventory.sample.devices if not device.failure]
    if not rooms:
        return
    headroom = max(256, min(min(rooms) // 25, 2000))
    yield "vram_headroom_mb", headroom, "of each accelerator, left for drivers, displays and contexts"
    if len(set(rooms)) == 1:
        yield "lease_vram_mb", max(0, rooms[0] - headroom), f"of each accelerator: {_size(rooms[0])} less the headroom"


def _threads(power: Power) -> Iterator[_Line]:
    yield "worker_processes", 1, "the embedded vector store has one owner"
    threads = min(16, max(4, power.slots))
    yield "worker_threads", threads, "questions and searches carried out at a time; they wait more than they compute"
    yield "model_threads", power.cores, "one a physical core: more wait for one another"


def _batches(power: Power) -> Iterator[_Line]:
    if power.little:
        yield "embedding_batch_tokens", 256, "as fast as larger ones, and there is little memory"
        yield "prompt_batch_tokens", 256, "as fast as larger ones, in half the buffers"
    else:
        yield "embedding_batch_tokens", 512, "larger ones fall out of a processor's own cache"
        yield "prompt_batch_tokens", 512, "larger ones take more memory and are slower on processors"


def _databases(power: Power) -> Iterator[_Line]:
    cache = max(2, min(power.ram_mb // 500, 128))
    yield "sqlite_cache_mb", cache, f"of each connection; twenty take {_share(20 * cache, power.ram_mb)} of memory"
    memory = max(64, min(power.ram_mb // 32, 4000))
    reason = f"of the embedded server: {_share(memory, power.ram_mb)} of memory; full, it refuses and forgets nothing"
    yield "redis_memory_mb", memory, reason


def _workers(power: Power) -> Iterator[_Line]:
    room = max(0, power.ram_mb - power.headroom_mb) * MB // WORKER_BYTES
    workers = max(1, min(power.slots // SLOTS_PER_WORKER, room, MOST_WORKERS))
    yield "worker_processes", workers, f"{SLOTS_PER_WORKER} processors and {_size(WORKER_BYTES // MB)} for each"
    yield (
        "model_threads",
        max(1, power.cores // workers),
        f"{_one('physical core', power.cores)}, shared by the workers",
    )


def _size(mb: int) -> str:
    return size(mb * MB)


def _share(part: int, whole: int) -> str:
    return f"{100 * part / max(1, whole):.0f}%"


def _one(noun: str, number: int) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
