"""Pausing runs in a relational database."""

from __future__ import annotations

from sqlalchemy import Update, or_, select, update

from janus_lab.adapters.relational.database import Database
from janus_lab.adapters.relational.schema import run as runs
from janus_lab.ports.pausing import Pausing
from janus_lab.values.run import ACTIVE, RunState


class RelationalPausing(Pausing):
    """The part of a ledger that pauses runs: a state like any other, changed by one UPDATE. Shares rest with their run."""

    _database: Database

    def pause(self, run_id: str) -> bool:
        """Make a queued or running run PAUSED."""
        return self._changed(update(runs).where(runs.c.state.in_(ACTIVE)).values(state=RunState.PAUSED.value), run_id)

    def resume(self, run_id: str) -> bool:
        """Make a paused run QUEUED; its attempts are counted on."""
        return self._changed(
            update(runs).where(runs.c.state == RunState.PAUSED.value).values(state=RunState.QUEUED.value), run_id
        )

    def paused(self, run_id: str) -> bool:
        """Whether the run, or the one that it is a share of, is PAUSED."""
        parent = select(runs.c.parent).where(runs.c.id == run_id).scalar_subquery()
        query = select(runs.c.id).where(
            or_(runs.c.id == run_id, runs.c.id == parent), runs.c.state == RunState.PAUSED.value
        )
        with self._database.look() as connection:
            return connection.scalar(query.limit(1)) is not None

    def _changed(self, change: Update, run_id: str) -> bool:
        with self._database.write() as connection:
            return connection.execute(change.where(runs.c.id == run_id)).rowcount == 1
