"""How much of a machine a piece of work needs while it computes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from janus_lab.values.lease import CPU, RAM
from janus_lab.values.run import Run, RunKind

MEGABYTE = 1_000_000
QUERIES_IN_PASSING = 16
"""So few queries take some milliseconds: they are not made to wait for a processor."""


@dataclass(frozen=True, slots=True)
class Demand:
    """`weights` as a lease has them: bytes, processor slots, named slots. `purpose` is for people."""

    purpose: str
    weights: Mapping[str, int] = field(default_factory=dict)


def computing(purpose: str, *, ram_mb: int, threads: int) -> Demand:
    """Work that takes so much memory beside what is loaded already, and computes in so many threads (0: in passing)."""
    weights = {RAM: ram_mb * MEGABYTE}
    return Demand(purpose, weights | {CPU: threads} if threads else weights)


@dataclass(frozen=True, slots=True)
class Demands:
    """What runs need. `threads` is what a model computes with here; of `workers` on one machine each takes its part for batch work.

    Memory is what a run was seen to take beside the models, rounded up.
    """

    threads: int
    workers: int = 1

    def of(self, run: Run) -> Demand:
        """What carrying out a run needs. A kind that is not known here computes in one thread."""
        match run.kind:
            case RunKind.SEARCH:
                many = len(run.request.get("queries", ())) > QUERIES_IN_PASSING
                return computing("search", ram_mb=48, threads=1 if many else 0)
            case RunKind.ASK | RunKind.CHAT | RunKind.COUNT | RunKind.PULL:
                # What comes before the model speaks takes little; who has a model speak shares its lease meanwhile. Who fetches
                # a model waits for the network.
                return computing(run.kind.value, ram_mb=64, threads=0)
            case RunKind.LOAD | RunKind.FIT:
                # What is loaded has a lease of its own: so a load takes what a fit says, and not a few megabytes more.
                return computing(run.kind.value, ram_mb=0, threads=1 if run.kind is RunKind.LOAD else 0)
            case RunKind.BENCH | RunKind.EMBED:
                return computing(run.kind.value, ram_mb=96, threads=self.threads)
            case RunKind.INGEST | RunKind.REINDEX:
                return computing(run.kind.value, ram_mb=192, threads=max(1, self.threads // self.workers))
            case _:
                return computing(run.kind.value, ram_mb=96, threads=1)
