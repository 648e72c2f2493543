"""Carries out a run: claims it, lets its service work, and records how it ended."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import TypeVar

import structlog

from janus_lab.errors import (
    CapacityError,
    ClaimLost,
    Defect,
    DiskFull,
    EngineError,
    JanusError,
    NotFound,
    RunCancelled,
    RunFailed,
    StoreUnreachable,
)
from janus_lab.ports.claims import Claims
from janus_lab.ports.events import EventLog
from janus_lab.ports.job_queue import JobQueue
from janus_lab.ports.ledger import Ledger
from janus_lab.runs import watch as watching
from janus_lab.runs.closing import closing_event
from janus_lab.runs.context import SLICE_SECONDS, RunContext, RunPaused, RunService, SliceOver
from janus_lab.runs.shares import RunShares
from janus_lab.runs.watch import Watch
from janus_lab.values.counted import count
from janus_lab.values.event import Event, EventKind
from janus_lab.values.run import ACTIVE, Priority, Run, RunError, RunKind, RunState

LONELY_ATTEMPTS = 3
"""A run that was begun so often more than it finished steps kills its workers, and is not begun again by itself."""
RECORD_SECONDS = 60.0
"""How long a worker waits to record how an attempt ended, e.g. on a full disk."""
RECORD_PAUSE_SECONDS = 0.5

_Recorded = TypeVar("_Recorded")

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
        """Do what is left of a run. Raises NotFound, or what a later attempt may mend (a store that does not answer)."""
        run = self._ledger.get(run_id)
        if not self._carried_out(run):
            self._look_again_later(run)

    def recover(self) -> list[tuple[str, Priority]]:
        """Open runs, oldest first: whatever a crash left behind, to be queued again by a worker that is alone."""
        open_runs = self._ledger.find(states=ACTIVE, parent=None, limit=100_000, brief=True)
        return [(run.id, run.priority) for run in reversed(open_runs)]

    def _carried_out(self, run: Run) -> bool:
        """Whether the run was ours to work on, is over, or rests: whoever resumes it queues it again."""
        if run.state not in ACTIVE or (run.parent and self._ledger.paused(run.id)):
            return True
        # One holder an attempt: two messages for one run must not meet in two threads of one worker.
        holder = f"{self._holder}:{uuid.uuid4().hex[:8]}"
        fence = self._claims.take(run.id, holder, watching.CLAIM_SECONDS, above=run.fence)
        if fence is None:
            return False
        try:
            with Watch(self._claims, run, holder, fence) as watch:
                self._attempt(run, fence, watch)
        finally:
            self._claims.release(run.id, holder, fence)
        return True

    def _look_again_later(self, run: Run) -> None:
        """Its holder works, or has just died: one message, however many met the claim here, looks when that must be known.

        One for each worker: a worker that dies takes the message that is to look with it.
        """
        turn = f"again:{run.id}:{self._holder}"
        ours = self._claims.take(turn, uuid.uuid4().hex, watching.CLAIM_SECONDS)
        if ours is not None:
            self._queue().enqueue(run.id, run.priority, delay_seconds=watching.CLAIM_SECONDS)

    def _attempt(self, run: Run, fence: int, watch: Watch) -> None:
        if not self._ledger.start(run.id, fence, time.time()):
            return
        context = RunContext(
            run,
            ledger=self._ledger,
            events=self._events,
            cancelled=watch.stopped,
            fence=fence,
            slice_seconds=self._slice_seconds,
            shares=RunShares(
                run, ledger=self._ledger, claims=self._claims, queue=self._queue, carry_out=self._carried_out
            ),
        )
        if self._is_orphan(run):
            self._end(context, RunState.CANCELLED, error=_orphaned(run))
        elif run.attempts - len(context.finished) >= LONELY_ATTEMPTS:
            self._end(context, RunState.FAILED, error=_poisonous(run))
        else:
            self._serve(run, context, watch)

    def _serve(self, run: Run, context: RunContext, watch: Watch) -> None:
        _log.info("run-begun", run=run.id, kind=run.kind.value, attempt=run.attempts + 1)
        try:
            with self._translated(run):
                context.emit(EventKind.STATE, state=RunState.RUNNING.value, attempt=run.attempts + 1)
                if not context.finished:
                    # A service that has begun before may have to tidy up: it looks for the wish itself.
                    context.check_cancelled()
                result = self._services[run.kind].execute(context)
        except RunPaused:
            _log.info("run-paused", run=run.id)
            self._ledger.pin(run.id, context.manifest, fence=context.fence)
            self._tell(Event(run.id, EventKind.STATE, {"state": RunState.PAUSED.value}, time.time()))
        except SliceOver:
            self._ledger.pin(run.id, context.manifest, fence=context.fence)
            self._queue().enqueue(run.id, run.priority)
        except RunCancelled as error:
            watch.require()
            self._end(context, RunState.CANCELLED, error=error)
        except (ClaimLost, StoreUnreachable):
            # Another worker has the run, or will have it when the store is back: this attempt records nothing.
            _log.warning("attempt-abandoned", run=run.id, exc_info=True)
            self._withdraw(context)
            raise
        except JanusError as error:
            self._end(context, RunState.FAILED, error=error)
        except BaseException:
            # The worker is being stopped, and has no time to wait for a store.
            with suppress(StoreUnreachable, DiskFull):
                self._ledger.withdraw(run.id, fence=context.fence)
            raise
        else:
            if context.partial:
                watch.require()
            self._end(context, RunState.CANCELLED if context.partial else RunState.DONE, result=result)

    def _is_orphan(self, run: Run) -> bool:
        try:
            return bool(run.parent) and self._ledger.get(run.parent, brief=True).state.final
        except NotFound:
            return True

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
        recorded = _patiently(
            lambda: self._ledger.finish(
                context.run.id,
                state,
                fence=context.fence,
                at=time.time(),
                result=result,
                error=failure,
                manifest=context.manifest,
            )
        )
        if recorded:
            _log.info("run-ended", run=context.run.id, state=state.value, error=error.code if error else None)
            self._tell(closing_event(context.run.id, state, failure))

    def _withdraw(self, context: RunContext) -> None:
        """A ledger that is away is waited for: an attempt that it counts speaks against the run."""
        try:
            _patiently(lambda: self._ledger.withdraw(context.run.id, fence=context.fence))
        except (DiskFull, StoreUnreachable):
            _log.warning("attempt-not-withdrawn", run=context.run.id, exc_info=True)

    def _tell(self, event: Event) -> None:
        try:
            self._events.append(event)
        except (EngineError, DiskFull):
            # Followers that hear nothing ask the ledger.
            _log.warning("state-not-told", run=event.run_id, exc_info=True)


def _patiently(record: Callable[[], _Recorded]) -> _Recorded:
    """Record something as soon as the ledger can. Raises DiskFull or StoreUnreachable if it can't for too long."""
    deadline = time.monotonic() + RECORD_SECONDS
    while True:
        try:
            return record()
        except (DiskFull, StoreUnreachable):
            if time.monotonic() > deadline:
                raise
            time.sleep(RECORD_PAUSE_SECONDS)


def _poisonous(run: Run) -> EngineError:
    return RunFailed(
        f"the worker died {count(run.attempts, 'time')} while it carried out this run",
        remedy=f"look into logs/worker.log for what it met; `janus runs retry {run.id[:12]}` tries it again",
    )


def _orphaned(run: Run) -> RunCancelled:
    return RunCancelled(
        f"run {run.parent[:12]}, of which this one is a share, is over",
        remedy=f"`janus runs retry {run.parent[:12]}` goes on with both",
    )
