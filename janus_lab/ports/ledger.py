"""The durable record of runs and their steps."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, Protocol

from janus_lab.ports.pausing import Pausing
from janus_lab.values.run import Run, RunError, RunKind, RunState, Step


class Ledger(Pausing, Protocol):
    """The truth about runs. Every change of state names the states it may start from, so racing writers can't both win."""

    def create(self, run: Run) -> None:
        """Record a new run."""
        ...

    def get(self, run_id: str, *, brief: bool = False) -> Run:
        """The run of that id (a unique prefix of at least 4 digits will do); `brief` as in `find`. Raises NotFound, AmbiguousId."""
        ...

    def find(
        self,
        *,
        kinds: Collection[RunKind] = (),
        states: Collection[RunState] = (),
        parent: str | None = "",
        limit: int = 50,
        brief: bool = False,
    ) -> list[Run]:
        """Runs of those kinds and states (empty: any), newest first.

        `parent` is the run whose shares are meant; "" means runs that are nobody's share, None all of them. A request may name
        a hundred thousand sources: with `brief`, long requests and results hold only their first members, as far as those
        are short.
        """
        ...

    def start(self, run_id: str, fence: int, at: float) -> bool:
        """QUEUED or RUNNING → RUNNING under a fencing number not smaller than the last; else, or if fenced off, False."""
        ...

    def withdraw(self, run_id: str, *, fence: int) -> None:
        """The attempt under that fence was ended from outside, which says nothing against the run: it does not count."""
        ...

    def finish(
        self,
        run_id: str,
        state: RunState,
        *,
        fence: int,
        at: float,
        result: Mapping[str, Any] | None = None,
        error: RunError | None = None,
        manifest: Mapping[str, Any] | None = None,
    ) -> bool:
        """An open run → a final `state`; False if it was final already or a higher fencing number has been seen."""
        ...

    def pin(self, run_id: str, manifest: Mapping[str, Any], *, fence: int) -> None:
        """Keep what an attempt found out that is not the last one; nothing if the run is final or a higher fence has been seen."""
        ...

    def requeue(self, run_id: str) -> bool:
        """FAILED or CANCELLED → QUEUED, keeping finished steps and counting attempts anew, for a retry; False in any other state."""
        ...

    def commit_step(self, step: Step, *, fence: int) -> bool:
        """Record a finished step once; False if it was there. Raises ClaimLost under a fencing number that is too old."""
        ...

    def steps(self, run_id: str) -> list[Step]:
        """A run's finished steps in order of commitment."""
        ...

    def prune(self, *, kinds: Collection[RunKind] = (), before: float) -> int:
        """Forget final runs of those kinds (empty: any) that ended before then, with their steps and shares; how many."""
        ...
