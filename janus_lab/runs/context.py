"""What a service sees of the run it carries out."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from janus_lab.errors import Defect, RunCancelled
from janus_lab.ports.events import EventLog
from janus_lab.ports.ledger import Ledger
from janus_lab.scheduler.work import current_work
from janus_lab.values.event import Event, EventKind
from janus_lab.values.run import Run, Step

SLICE_SECONDS = 240.0
"""A worker gives a run back after so long, at the next step: brokers redeliver what is not acknowledged in time."""
WAIT_SECONDS = 180.0
"""So much longer an attempt may last that waits for its lease: what it has done since its last step is not lost then."""
SHARES_AT_MOST = 100_000


class SliceOver(Exception):
    """This attempt has had its share of time; the run is queued again and goes on with its next step."""


class RunPaused(SliceOver):
    """Somebody paused the run: it is not queued again, and goes on with its next step when it is resumed."""


class Shares(Protocol):
    """The runs that one run is cut into, so that several workers do them."""

    def start(self, requests: Sequence[Mapping[str, Any]]) -> list[str]:
        """See `RunContext.start_shares`."""
        ...

    def carry_out(self, share_id: str) -> bool:
        """See `RunContext.carry_out`."""
        ...


class RunContext:
    """One attempt at one run: tells events, commits steps, asks whether to stop.

    `cancelled` is cheap enough to ask for every token. `finished` maps the keys of steps that an earlier attempt committed
    to their effects; a service passes over those.
    """

    def __init__(
        self,
        run: Run,
        *,
        ledger: Ledger,
        events: EventLog,
        cancelled: Callable[[], bool],
        fence: int,
        slice_seconds: float = SLICE_SECONDS,
        shares: Shares | None = None,
    ) -> None:
        self.run = run
        self.cancelled = cancelled
        self.fence = fence
        self.manifest: dict[str, Any] = dict(run.manifest)
        self.partial = False
        self.concessions: list[str] = []
        self._slice_ends = time.monotonic() + slice_seconds
        self._ledger = ledger
        self._events = events
        self._shares = shares
        self.finished: dict[str, Mapping[str, Any]] = {s.key: s.effect for s in ledger.steps(run.id)}

    def emit(self, kind: EventKind, **data: Any) -> None:
        """Tell an event to whoever follows the run."""
        self._events.append(Event(self.run.id, kind, data, time.time()))

    def warn(self, code: str, message: str, remedy: str = "", **data: Any) -> None:
        """Tell something that the user should know and that does not stop the run."""
        self.emit(EventKind.WARNING, code=code, message=message, remedy=remedy, **data)

    def concede(self, code: str, text: str) -> None:
        """Warn that the run gets something else than was chosen, such as another model; `concessions` and the manifest keep it."""
        self.concessions.append(text)
        self.manifest["concessions"] = [*self.manifest.get("concessions", ()), {"code": code, "text": text}]
        self.warn(code, text)

    def check_cancelled(self) -> None:
        """To be called between units of work: stop if the run is to, and let those go first who are to have what it holds.

        Raises RunCancelled; and as it may wait for its lease, SliceOver: let that pass, nothing is lost. Not to be called while
        something else is held that other runs may want.
        """
        self.require_wanted()
        if (work := current_work()) is not None:
            work.boundary()

    def require_wanted(self) -> None:
        """Raise RunCancelled if the run is to stop."""
        if self.cancelled():
            raise RunCancelled("the run was cancelled", remedy=f"`janus runs retry {self.run.id[:12]}` goes on with it")

    def require_time(self) -> None:
        """For somebody who waits: raise RunPaused, or SliceOver long after this attempt's share of time; it does not count."""
        if self.paused():
            raise RunPaused
        if time.monotonic() > self._slice_ends + WAIT_SECONDS:
            self._ledger.withdraw(self.run.id, fence=self.fence)
            raise SliceOver

    def commit_step(self, key: str, effect: Mapping[str, Any]) -> bool:
        """Commit a finished step with its effect, once; False if an earlier attempt had committed it.

        Raises SliceOver, after the commit, when this attempt has had its share of time, and RunPaused, a kind of it, when
        the run was paused: let it pass, nothing is lost.
        """
        fresh = self._ledger.commit_step(Step(self.run.id, key, effect, time.time()), fence=self.fence)
        self.finished[key] = effect
        if self.paused():
            raise RunPaused
        if time.monotonic() > self._slice_ends:
            raise SliceOver
        return fresh

    def paused(self) -> bool:
        """Whether the run is to rest: commit a step soon. Asks the ledger, so not to be called for every token."""
        return self._ledger.paused(self.run.id)

    def start_shares(self, requests: Sequence[Mapping[str, Any]]) -> list[str]:
        """Let other workers help: record and queue one run for each JSON-ready request; their ids, in that order.

        A share is of the run's own kind and priority, and its `parent` is this run. Its id follows from the run, its place
        and its request, so that a later attempt with the same requests starts none twice; in the first attempt after a
        retry, those that failed or were cancelled are queued again. Cancelling the run cancels its shares, and a share
        whose run is over is not begun any more. Commit a step before and after waiting for shares.
        """
        return self._required_shares().start(requests)

    def carry_out(self, share_id: str) -> bool:
        """Work on a share in this thread; False at once if another worker has it.

        True does not say that it is over: it may have had its slice of time, and goes on with the next call or elsewhere.
        How it ended stands in the ledger. Raises StoreUnreachable or DiskFull: let it pass.
        """
        return self._required_shares().carry_out(share_id)

    def shares(self) -> list[Run]:
        """This run's shares as the ledger has them now, in order of their start."""
        found = self._ledger.find(parent=self.run.id, limit=SHARES_AT_MOST)
        return found[::-1]

    def share(self, share_id: str) -> Run:
        """A share as the ledger has it now."""
        return self._ledger.get(share_id)

    def share_events(self, share_id: str, after: str = "") -> list[Event]:
        """What a share has told since `after`, as far as it is still kept."""
        return self._events.read(share_id, after=after)

    def _required_shares(self) -> Shares:
        if self._shares is None:
            raise Defect(f"run {self.run.id[:12]} can't be shared here", remedy="report it with logs/worker.log")
        return self._shares

    def mark_partial(self) -> None:
        """Say that the result about to be returned is only what there was when the run was cancelled."""
        self.partial = True

    def pin(self, **facts: Any) -> None:
        """Add facts to the run's manifest: model hashes, settings, ids; what a replay needs."""
        self.manifest.update(facts)


class RunService(Protocol):
    """Carries out runs of one kind."""

    def execute(self, context: RunContext) -> Mapping[str, Any]:
        """Do the run, passing over finished steps, and return its JSON-ready result."""
        ...
