"""The latest samples of every machine, with a short history, where all processes see them."""

from __future__ import annotations

from typing import Protocol

from janus_lab.values.machine import Sample


class Samples(Protocol):
    """Samples that expire by themselves when their machine's sampler is gone. Raises StoreUnreachable where the server does not answer."""

    def publish(self, sample: Sample) -> None:
        """Make this the machine's latest."""
        ...

    def latest(self, machine: str) -> Sample | None:
        """The machine's latest sample, or None where none is kept any more."""
        ...

    def history(self, machine: str, *, seconds: float) -> list[Sample]:
        """Samples of the last `seconds` before the newest, oldest first, without their processes. For a beginning: then follow `latest`."""
        ...

    def machines(self) -> list[str]:
        """Machines of which there is a sample, by name."""
        ...
