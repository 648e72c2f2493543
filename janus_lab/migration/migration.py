"""A whole deployment carried over, so that being killed anywhere and begun again ends in the same state."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from janus_lab.errors import SettingsError, UserError
from janus_lab.migration.comparison import compare
from janus_lab.migration.graph import copy_graph
from janus_lab.migration.marker import Marker, marker_file, read_marker, remove_marker, write_marker
from janus_lab.migration.objects import copy_objects
from janus_lab.migration.side import Side, Tell
from janus_lab.migration.vectors import copy_vectors
from janus_lab.values.migration import MigrationPlan, MigrationReport
from janus_lab.values.run import OPEN

_PER_SECOND = {"runs": 2000, "chunks": 1500, "objects": 120, "entities": 4000, "relations": 4000}
"""What two busy cores and servers beside them carry over, roughly."""
_SECONDS_AT_LEAST = 2.0
_BYTES_PER_SECOND = 40_000_000


class Migration:
    """From `source` to `target`; `copy_rows` carries what the relational stores hold, `home` is where the mark stands."""

    def __init__(
        self,
        source: Side,
        target: Side,
        *,
        home: Path,
        places: Mapping[str, str],
        copy_rows: Callable[[Tell], object],
    ) -> None:
        self._source = source
        self._target = target
        self._home = home
        self._places = places
        self._copy_rows = copy_rows

    def plan(self) -> MigrationPlan:
        """What there is to do. Raises as `run` does, and changes nothing."""
        amounts = self._source.amounts()
        resumes = self._allowed(amounts)
        size = sum(map(self._source.objects.size, self._source.objects.keys()))
        seconds = _SECONDS_AT_LEAST + size / _BYTES_PER_SECOND
        seconds += sum(amounts[kind] / rate for kind, rate in _PER_SECOND.items())
        return MigrationPlan(self._source.name, self._target.name, amounts, size, round(seconds, 1), resumes)

    def run(self, tell: Tell) -> MigrationReport:
        """Carry everything over, compare, and take the mark away.

        Raises UserError while a run is open on either side, SettingsError if the target holds other data, and StoreFailed
        if the two differ in the end.
        """
        started = time.monotonic()
        amounts = self._source.amounts()
        self._allowed(amounts)
        marker = read_marker(self._home) or Marker(self._source.name, self._target.name, dict(self._places), amounts)
        if not marker.compared:
            write_marker(self._home, marker)
            marker = self._carry(marker, tell)
            write_marker(self._home, marker)
        for collection, origins in marker.forgotten.items():
            self._target.sources.forget(collection, origins)
        remove_marker(self._home)
        return MigrationReport(
            self._source.name,
            self._target.name,
            self._target.amounts(),
            tuple(origin for origins in marker.forgotten.values() for origin in origins),
            marker.damaged,
            round(time.monotonic() - started, 3),
        )

    def _carry(self, marker: Marker, tell: Tell) -> Marker:
        self._copy_rows(tell)
        damaged = copy_objects(self._source, self._target, tell)
        forgotten = copy_vectors(self._source, self._target, tell)
        copy_graph(self._source, self._target, tell)
        compare(self._source, self._target, damaged=damaged)
        self._unchanged(marker.amounts, self._source.amounts())
        return replace(marker, compared=True, forgotten=forgotten, damaged=tuple(damaged))

    def _allowed(self, amounts: Mapping[str, int]) -> bool:
        """Whether an earlier attempt is gone on with. Raises what forbids the migration."""
        for side in (self._source, self._target):
            if runs := side.ledger.find(states=OPEN, limit=1):
                raise UserError(
                    f"run {runs[0].id[:12]} is open in {side.name}",
                    remedy="let it end (`janus runs`) or cancel it, then `janus down`, and migrate again",
                )
        marker = read_marker(self._home)
        if marker is None:
            if any(self._target.amounts().values()):
                raise SettingsError(
                    f"{self._target.name} holds data already, and a migration fills only an empty place",
                    remedy=f"empty it, or let the profile {self._target.name} name another place; docs/stack.md says how",
                )
            return False
        if (marker.source, marker.target) != (self._source.name, self._target.name) or marker.places != self._places:
            raise SettingsError(
                f"a migration from {marker.source} to {marker.target} has not ended",
                remedy=f"`janus migrate {marker.source} {marker.target}` goes on with it; to give it up, empty its target"
                f" and remove {marker_file(self._home)}",
            )
        self._unchanged(marker.amounts, amounts)
        return True

    def _unchanged(self, before: Mapping[str, int], now: Mapping[str, int]) -> None:
        if dict(before) != dict(now):
            raise SettingsError(
                f"{self._source.name} has changed since its migration began",
                remedy=f"empty {self._target.name}, remove {marker_file(self._home)}, and migrate again",
            )
