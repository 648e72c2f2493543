"""Carries out a run: claims it, lets its service work, and records how it ended."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Self

import structlog

from janus_lab.errors import (
    CapacityError,
    ClaimLost,
    Defect,
    DiskFull,
    EngineError,
    JanusError,
    RunCancelled,
    RunFailed,
    StoreUnreachable,
)
from janus_lab.ports.claims import Claims
from janus_lab.ports.events import EventLog
from janus_lab.ports.job_queue import JobQueue
from janus_lab.ports.ledger import Ledger
from janus_lab.runs.closing import closing_event
from janus_lab.runs.context import SLICE_SECONDS, RunContext, RunService, SliceOver
from janus_lab.values.event import Event, EventKind
from janus_lab.values.run import Priority, Run, RunError, RunKind, RunState

CLAIM_SECONDS = 6.0
"""A claim whose holder died is free after so long."""
CANCEL_POLL_SECONDS = 0.05
"""How often a wish to cancel is looked for; interrupt must stop generation within half a second."""

LONELY_ATTEMPTS = 3
"""A run that was begun so often more than it finished steps kills its workers, and is not begun again by itself."""
RECORD_SECONDS = 60.0
"""How long a worker waits for room to record how a run ended, e.g. on a full disk."""
RECORD_PAUSE_SECONDS = 0.5

_log = structlog.get_logger(__name__)


class Executor:
    """Carries out runs by id. A message that comes twice, or after the run is over, does nothing."""

    def __init__(
        self,
        *,
        holder: str,
        ledger: Ledger,
        events: EventLog,
        claims: Claims,
        queue: Callable[[], JobQueue],
        services: Mapping[RunKind, RunService],
        slice_seconds: float = SLICE_SECONDS,
    ) -> None:
        self._holder = holder
        self._ledger = ledger
        self._events = events
        self._claims = claims
        self._queue = queue
        self._services = services
        self._slice_seconds = slice_seconds

    def carry_out(self, run_id: str) -> None:
        """Do what is left of a run. Raises only what a later attempt may mend (a store that does not answer)."""
        run = self._ledger.get(run_id)
        if run.state.final:
            return
        # One holder an attempt: two messages for one run must not meet in two threads of one worker.
        holder = f"{self._holder}:{uuid.uuid4().hex[:8]}"
        fence = self._claims.take(run.id, holder, CLAIM_SECONDS, above=run.fence)
        if fence is None:
            # Its holder works, or has just died: look again when the claim must have been renewed or be free.
            self._queue().enqueue(run.id, run.priority, delay_seconds=CLAIM_SECONDS)
            return
        try:
            with _Watch(self._claims, run.id, holder, fence) as watch:
                self._attempt(run, fence, watch)
        finally:
            self._claims.release(run.id, holder, fence)

    def recover(self) -> list[tuple[str, Priority]]:
        """Open runs, oldest first: whatever a crash left behind, to be queued again."""
        open_runs = self._ledger.find(states=(RunState.QUEUED, RunState.RUNNING), limit=100_000)
        return [(run.id, run.priority) for run in reversed(open_runs)]

    def _attempt(self, run: Run, fence: int, watch: _Watch) -> None:
        if not self._ledger.start(run.id, fence, time.time()):
            return
        context = RunContext(
            run,
            ledger=self._ledger,
            events=self._events,
            cancelled=watch.stopped,
            fence=fence,
            slice_seconds=self._slice_seconds,
        )
        if run.attempts - len(context.finished) >= LONELY_ATTEMPTS:
            self._end(context, RunState.FAILED, error=_poisonous(run))
            return
        try:
            with self._translated(run):
                context.emit(EventKind.STATE, state=RunState.RUNNING.value, attempt=run.attempts + 1)
                context.check_cancelled()
                result = self._services[run.kind].execute(context)
        except SliceOver:
            self._queue().enqueue(run.id, run.priority)
        except RunCancelled as error:
            watch.require()
            self._end(context, RunState.CANCELLED, error=error)
        except (ClaimLost, StoreUnreachable):
            # Another worker has the run, or will have it when the store is back: this attempt records nothing.
            _log.warning("attempt-abandoned", run=run.id, exc_info=True)
            self._ledger.withdraw(run.id, fence=fence)
            raise
        except JanusError as error:
            self._end(context, RunState.FAILED, error=error)
        except BaseException:
            # The worker is being stopped.
            self._ledger.withdraw(run.id, fence=fence)
            raise
        else:
            if context.partial:
                watch.require()
            self._end(context, RunState.CANCELLED if context.partial else RunState.DONE, result=result)

    @contextmanager
    def _translated(self, run: Run) -> Iterator[None]:
        try:
            yield
        except (JanusError, SliceOver):
            raise
        except MemoryError as error:
            remedy = "close programs, then retry the run"
            raise CapacityError("the engine room ran out of memory", remedy=remedy) from error
        except Exception as error:
            _log.exception("defect", run=run.id, kind=run.kind)
            raise Defect(
                f"{type(error).__name__} in {run.kind}: {error}",
                remedy="report it with logs/worker.log from the data directory; `janus runs retry` may get past it",
            ) from error

    def _end(
        self,
        context: RunContext,
        state: RunState,
        *,
        result: Mapping[str, object] | None = None,
        error: JanusError | None = None,
    ) -> None:
        failure = RunError(error.code, error.message, error.remedy) if error is not None else None
        deadline = time.monotonic() + RECORD_SECONDS
        while True:
            try:
                recorded = self._ledger.finish(
                    context.run.id,
                    state,
                    fence=context.fence,
                    at=time.time(),
                    result=result,
                    error=failure,
                    manifest=context.manifest,
                )
                break
            except (DiskFull, StoreUnreachable):
                if time.monotonic() > deadline:
                    raise
                time.sleep(RECORD_PAUSE_SECONDS)
        if recorded:
            self._tell_end(closing_event(context.run.id, state, failure))

    def _tell_end(self, event: Event) -> None:
        try:
            self._events.append(event)
        except (EngineError, DiskFull):
            # Followers that hear nothing ask the ledger.
            _log.warning("end-not-told", run=event.run_id, exc_info=True)


def _poisonous(run: Run) -> EngineError:
    return RunFailed(
        f"the worker died {run.attempts} times while it carried out this run",
        remedy=f"look into logs/worker.log for what it met; `janus runs retry {run.id[:12]}` tries it again",
    )


class _Watch:
    """Renews a claim in the background and looks for the wish to cancel."""

    def __init__(self, claims: Claims, run_id: str, holder: str, fence: int) -> None:
        self._lost = False
        self._claims = claims
        self._run_id = run_id
        self._holder = holder
        self._fence = fence
        self._stop = threading.Event()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._loop, name=f"watch-{run_id[:8]}", daemon=True)

    def stopped(self) -> bool:
        """Whether the run is to stop: it was cancelled, or the claim is lost."""
        return self._stop.is_set()

    def require(self) -> None:
        """Raise ClaimLost if the run was stopped because of that: nobody has cancelled it, and an attempt is still to come."""
        if self._lost:
            raise ClaimLost(
                f"the claim on run {self._run_id[:12]} expired while it was carried out",
                remedy="nothing is lost: the run is tried again",
            )

    def __enter__(self) -> Self:
        self._look()
        self._thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._over.set()
        self._thread.join()

    def _loop(self) -> None:
        renewed = time.monotonic()
        while not self._over.wait(CANCEL_POLL_SECONDS):
            now = time.monotonic()
            try:
                self._look()
                if now - renewed > CLAIM_SECONDS / 3:
                    if not self._claims.renew(self._run_id, self._holder, self._fence, CLAIM_SECONDS):
                        self._lose()
                        return
                    renewed = now
            except (EngineError, DiskFull):
                # The server may be restarting, or have no room; past its time to live the claim may be another's.
                if now - renewed > CLAIM_SECONDS:
                    self._lose()
                    return

    def _look(self) -> None:
        if not self._stop.is_set() and self._claims.cancel_requested(self._run_id):
            self._stop.set()

    def _lose(self) -> None:
        self._lost = True
        self._stop.set()
