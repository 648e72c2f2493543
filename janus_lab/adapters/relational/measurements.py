"""What loads and benchmarks showed, in a relational database."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from sqlalchemy import Column, ColumnElement, Row, case, select

from janus_lab.adapters.relational.batches import replacing
from janus_lab.adapters.relational.database import Database, open_database
from janus_lab.adapters.relational.schema import measurement
from janus_lab.ports.measurements import Measurements
from janus_lab.values.codec import from_json, to_json
from janus_lab.values.ids import bytes_hash
from janus_lab.values.model import Measurement


@contextmanager
def open_measurements(url: str) -> Iterator[Measurements]:
    """The measurements in the database at `url`, for as long as the context lasts."""
    with open_database(url) as database:
        yield RelationalMeasurements(database)


class RelationalMeasurements:
    """One row for each content, machine and plan."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def remember(self, measured: Measurement) -> None:
        """Keep it. Seconds or a speed of 0 leave an earlier one as it is; loads are added up."""
        row = _row(measured)
        self._database.change(lambda connection: connection.execute(replacing(connection, measurement, _MERGED), row))

    def recall(self, content_hash: str, machine: str) -> list[Measurement]:
        """Measurements of a model on a machine, latest first."""
        return self._found(measurement.c.content_hash == content_hash, measurement.c.machine == machine)

    def all(self, machine: str) -> list[Measurement]:
        """Every measurement on a machine, latest first."""
        return self._found(measurement.c.machine == machine)

    def _found(self, *conditions: ColumnElement[bool]) -> list[Measurement]:
        latest_first = (measurement.c.at.desc(), measurement.c.content_hash, measurement.c.plan_hash)
        with self._database.look() as connection:
            found = connection.execute(select(measurement).where(*conditions).order_by(*latest_first))
            return [_measurement(row) for row in found]


def _unless_zero(new: ColumnElement[Any], old: Column[Any]) -> ColumnElement[Any]:
    return case((new == 0, old), else_=new)


def _sum(new: ColumnElement[Any], old: Column[Any]) -> ColumnElement[Any]:
    return old + new


_MERGED = {
    "load_seconds": _unless_zero,
    "prompt_speed": _unless_zero,
    "generation_speed": _unless_zero,
    "loads": _sum,
}


def _row(measured: Measurement) -> dict[str, Any]:
    # What a plan says of itself to people makes it no other plan.
    plan = to_json(replace(measured.plan, note=""))
    return to_json(measured) | {"plan_hash": bytes_hash(json.dumps(plan, sort_keys=True).encode())}


def _measurement(row: Row[Any]) -> Measurement:
    return from_json(Measurement, dict(row._mapping))  # noqa: SLF001 - the public name of a row's columns
