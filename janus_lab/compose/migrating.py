"""`migrate`: everything that one profile's stores hold, into another's."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from janus_lab.adapters.engine_room.directory import prepare
from janus_lab.adapters.engine_room.locks import acquire, held
from janus_lab.adapters.engine_room.paths import RoomPaths
from janus_lab.compose.admitting import open_lone_admission
from janus_lab.compose.servers import unreachable_servers
from janus_lab.compose.stores import make_home
from janus_lab.errors import StoreUnreachable, UserError
from janus_lab.migration.migration import Migration
from janus_lab.migration.side import Side, Tell
from janus_lab.scheduler.demand import computing
from janus_lab.scheduler.work import Somebody, Work, current_work
from janus_lab.schemes import factory
from janus_lab.settings import Settings, load_settings
from janus_lab.values.migration import MigrationPlan, MigrationReport

_STORES = ("relational_url", "objects_url", "vectors_url", "graph_url")
_DEMAND = computing("migration", ram_mb=256, threads=1)
_ENDING_SECONDS = 2.0
"""So long an engine room may take that is just ending."""


def migrate(source: str, target: str, *, home: str | Path | None = None, tell: Tell | None = None) -> MigrationReport:
    """Carry everything from profile `source` into profile `target`, which must hold nothing; `source` stays as it is.

    Killed and called again, it goes on. `tell` is told kind, how many are there, and how many there are in all.
    Raises UserError while somebody works with either, SettingsError for a target with other data, StoreFailed if both differ
    in the end.
    """
    with _opened(source, target, home) as migration:
        return migration.run(_between(tell or (lambda _kind, _done, _total: None)))


def plan_migration(source: str, target: str, *, home: str | Path | None = None) -> MigrationPlan:
    """What `migrate` would do, and about how long it would take. Raises as it does."""
    with _opened(source, target, home) as migration:
        return migration.plan()


@contextmanager
def _opened(source: str, target: str, home: str | Path | None) -> Iterator[Migration]:
    before, after = load_settings(home, profile=source), load_settings(home, profile=target)
    places = {name: f"{before.shown(name)} → {after.shown(name)}" for name in _STORES}
    same = [name for name in _STORES if before.url(name) == after.url(name)]
    if same:
        raise UserError(
            f"{source} and {target} share {', '.join(same)}: there is nothing to carry over",
            remedy="name two profiles whose stores are all apart (`janus use PROFILE` shows them)",
        )
    from janus_lab.adapters.relational.copy import copy_rows

    make_home(before.home)
    for settings in (before, after):
        _refuse_workers(settings)
    with _still(before.home), ExitStack() as resources:
        admission = open_lone_admission(after if "redis_url" in after.servers() else before, resources)
        resources.enter_context(Work(admission, _DEMAND, Somebody()).going())
        sides = [_open_side(settings, resources) for settings in (before, after)]
        yield Migration(
            *sides,
            home=before.home,
            places=places,
            copy_rows=lambda tell: copy_rows(before.url("relational_url"), after.url("relational_url"), tell),
        )


def _between(tell: Tell) -> Tell:
    """Tells, and lets others of this machine go first who are to."""

    def told(kind: str, done: int, total: int) -> None:
        tell(kind, done, total)
        if (work := current_work()) is not None:
            work.boundary()

    return told


def _open_side(settings: Settings, resources: ExitStack) -> Side:
    def opened(port: str, name: str) -> Any:
        url = settings.url(name)
        return resources.enter_context(factory(port, url)(url))

    try:
        documents = opened("documents", "relational_url")
        return Side(
            settings.profile,
            opened("ledger", "relational_url"),
            documents,
            documents,
            opened("sources", "relational_url"),
            opened("objects", "objects_url"),
            opened("vectors", "vectors_url"),
            opened("graph", "graph_url"),
        )
    except StoreUnreachable as error:
        raise unreachable_servers(settings, error) from error


def _refuse_workers(settings: Settings) -> None:
    """Raises UserError if workers wait for runs at the profile's Redis server, on whatever machine."""
    if "redis_url" not in settings.servers():
        return
    from janus_lab.adapters.engine_room.workers import ready_workers

    try:
        _, workers = ready_workers(settings.url("redis_url"))
    except StoreUnreachable:
        return  # without that server nobody can be at work
    if workers:
        hosts = ", ".join(sorted({worker.host for worker in workers}))
        raise UserError(
            f"workers of {settings.profile} are ready ({len(workers)} on {hosts})",
            remedy="`janus down` on each machine (`docker compose stop worker` for containers), then migrate again",
        )


@contextmanager
def _still(home: Path) -> Iterator[None]:
    """Nobody works in the data directory inside. Raises UserError if somebody does."""
    paths = RoomPaths(home)
    prepare(paths)
    lock = None if held(paths.supervisor_lock) else acquire(paths.room_lock, wait_seconds=_ENDING_SECONDS)
    if lock is None:
        raise UserError(
            f"the engine room of {home} is running, or another migration is",
            remedy="`janus down` stops the engine room (on every machine that works here), then migrate again",
        )
    with open(lock, closefd=True):  # noqa: PTH123 - a descriptor, whose end is the lock's
        yield
