"""The ledger of runs in a relational database."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Row, case, delete, select, update

from janus_lab.adapters.relational.batches import batches, keeping
from janus_lab.adapters.relational.beginning import beginning
from janus_lab.adapters.relational.database import Database, open_database
from janus_lab.adapters.relational.pausing import RelationalPausing
from janus_lab.adapters.relational.prefix import by_prefix
from janus_lab.adapters.relational.schema import run as runs
from janus_lab.adapters.relational.schema import step as steps
from janus_lab.errors import ClaimLost, NotFound, StoreFailed
from janus_lab.ports.ledger import Ledger
from janus_lab.values.run import ACTIVE, OPEN, RETRIABLE, Priority, Run, RunError, RunKind, RunState, Step

_CUT = ("request", "result")
_BRIEF = select(*(c for c in runs.c if c.name not in _CUT), *(beginning(runs.c[name]).label(name) for name in _CUT))


@contextmanager
def open_ledger(url: str) -> Iterator[Ledger]:
    """The ledger in the database at `url`, for as long as the context lasts."""
    with open_database(url) as database:
        yield RelationalLedger(database)


class RelationalLedger(RelationalPausing):
    """Runs and steps as rows. Each change of state is one UPDATE that names the states and fences it may start from."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def create(self, run: Run) -> None:
        """Record a new run. Raises StoreFailed if there is a run of that id."""
        with self._database.write() as connection:
            if connection.scalar(keeping(connection, runs).values(_row(run)).returning(runs.c.id)) is None:
                raise StoreFailed(f"there is a run {run.id} already", remedy="start a new run")

    def get(self, run_id: str, *, brief: bool = False) -> Run:
        """The run of that id or unique prefix. Raises NotFound, AmbiguousId."""
        with self._database.read() as connection:
            return _run(by_prefix(connection, _BRIEF if brief else select(runs), runs.c.id, run_id, noun="run"))

    def find(
        self,
        *,
        kinds: Collection[RunKind] = (),
        states: Collection[RunState] = (),
        parent: str | None = "",
        limit: int = 50,
        brief: bool = False,
    ) -> list[Run]:
        """Runs of those kinds and states (empty: any), newest first: shares of `parent`, nobody's ("") or all (None)."""
        query = (_BRIEF if brief else select(runs)).order_by(runs.c.created_at.desc(), runs.c.id.desc()).limit(limit)
        if parent is not None:
            query = query.where(runs.c.parent == parent)
        if kinds:
            query = query.where(runs.c.kind.in_([k.value for k in kinds]))
        if states:
            query = query.where(runs.c.state.in_([s.value for s in states]))
        with self._database.look() as connection:
            return [_run(row) for row in connection.execute(query)]

    def start(self, run_id: str, fence: int, at: float) -> bool:
        """Make an open run that is not paused RUNNING under this fence; each new fence counts as one attempt."""
        fresh = (runs.c.fence < fence) | (runs.c.state == RunState.QUEUED.value)
        change = (
            update(runs)
            .where(runs.c.id == run_id, runs.c.state.in_(ACTIVE), runs.c.fence <= fence)
            .values(
                state=RunState.RUNNING.value,
                attempts=runs.c.attempts + case((fresh, 1), else_=0),
                started_at=case((fresh, at), else_=runs.c.started_at),
                fence=fence,
            )
        )
        with self._database.write() as connection:
            return connection.execute(change).rowcount == 1

    def withdraw(self, run_id: str, *, fence: int) -> None:
        """Uncount the attempt under that fence, if it is the last one of an open run."""
        change = (
            update(runs)
            .where(runs.c.id == run_id, runs.c.state.in_(OPEN), runs.c.fence == fence, runs.c.attempts > 0)
            .values(attempts=runs.c.attempts - 1)
        )
        with self._database.write() as connection:
            connection.execute(change)

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
        """Make an open run final, unless a higher fence has been seen."""
        change = (
            update(runs)
            .where(runs.c.id == run_id, runs.c.state.in_(OPEN), runs.c.fence <= fence)
            .values(
                state=state.value,
                finished_at=at,
                fence=fence,
                result=dict(result) if result is not None else None,
                error=_error_row(error),
                manifest=dict(manifest or {}),
            )
        )
        with self._database.write() as connection:
            return connection.execute(change).rowcount == 1

    def pin(self, run_id: str, manifest: Mapping[str, Any], *, fence: int) -> None:
        """Keep the manifest of an attempt that others go on after."""
        change = (
            update(runs)
            .where(runs.c.id == run_id, runs.c.state.in_(OPEN), runs.c.fence == fence)
            .values(manifest=dict(manifest))
        )
        with self._database.write() as connection:
            connection.execute(change)

    def requeue(self, run_id: str) -> bool:
        """Make a failed or cancelled run QUEUED again; its steps and fence stay, its attempts are counted anew."""
        change = (
            update(runs)
            .where(runs.c.id == run_id, runs.c.state.in_(RETRIABLE))
            .values(state=RunState.QUEUED.value, finished_at=None, result=None, error=None, attempts=0)
        )
        with self._database.write() as connection:
            return connection.execute(change).rowcount == 1

    def commit_step(self, step: Step, *, fence: int) -> bool:
        """Record a step once. Raises ClaimLost under a fence that is too old, NotFound without its run."""
        with self._database.write() as connection:
            self._check_fence(connection, step.run_id, fence)
            row = {
                "run_id": step.run_id,
                "key": step.key,
                "effect": dict(step.effect),
                "committed_at": step.committed_at,
            }
            added = keeping(connection, steps).values(row).returning(steps.c.number)
            return connection.scalar(added) is not None

    def steps(self, run_id: str) -> list[Step]:
        """A run's steps in order of commitment."""
        query = select(steps).where(steps.c.run_id == run_id).order_by(steps.c.number)
        with self._database.look() as connection:
            return [Step(row.run_id, row.key, row.effect, row.committed_at) for row in connection.execute(query)]

    def prune(self, *, kinds: Collection[RunKind] = (), before: float) -> int:
        """Forget final runs of those kinds (empty: any) that ended before then, with their steps and shares; how many."""
        # A share goes with the run it is a share of, which may still need to know that it ended.
        ended = (
            select(runs.c.id)
            .where(runs.c.parent == "", runs.c.state.not_in(OPEN), runs.c.finished_at < before)
            .order_by(runs.c.id)
        )
        if kinds:
            ended = ended.where(runs.c.kind.in_([k.value for k in kinds]))

        def forget(connection: Connection) -> int:
            forgotten = 0
            for batch in batches(connection.scalars(ended).all()):
                connection.execute(delete(runs).where(runs.c.parent.in_(batch)))
                forgotten += connection.execute(
                    delete(runs).where(runs.c.id.in_(batch), runs.c.state.not_in(OPEN))
                ).rowcount
            return forgotten

        return self._database.change(forget)

    def _check_fence(self, connection: Connection, run_id: str, fence: int) -> None:
        # Held until the step is committed, so that no higher fence comes in between and steps have one order.
        query = select(runs.c.fence).where(runs.c.id == run_id).with_for_update(key_share=True)
        seen: int | None = connection.scalar(query)
        if seen is None:
            raise NotFound(f"there is no run {run_id!r}", remedy="list runs with `janus runs`")
        if seen > fence:
            raise ClaimLost(
                f"run {run_id[:12]} has been taken over (fence {fence}, now {seen})",
                remedy="nothing is lost: the other worker goes on with the run",
            )


def _error_row(error: RunError | None) -> dict[str, str] | None:
    return None if error is None else {"code": error.code, "message": error.message, "remedy": error.remedy}


def _row(run: Run) -> dict[str, Any]:
    return {
        "id": run.id,
        "kind": run.kind.value,
        "state": run.state.value,
        "priority": run.priority.value,
        "request": dict(run.request),
        "created_at": run.created_at,
        "started_at": run.started_at,
        "finished_at": run.finished_at,
        "attempts": run.attempts,
        "fence": run.fence,
        "result": dict(run.result) if run.result is not None else None,
        "error": _error_row(run.error),
        "manifest": dict(run.manifest),
        "parent": run.parent,
        "cell": run.cell,
    }


def _run(row: Row[Any]) -> Run:
    values = dict(row._mapping)  # noqa: SLF001 - the public name of a row's columns
    values["kind"] = RunKind(row.kind)
    values["state"] = RunState(row.state)
    values["priority"] = Priority(row.priority)
    values["error"] = RunError(**row.error) if row.error is not None else None
    return Run(**values)
