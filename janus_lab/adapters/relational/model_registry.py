"""Models and the chains they serve in, in a relational database."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Row, delete, select, update

from janus_lab.adapters.relational.batches import replacing
from janus_lab.adapters.relational.database import Database, open_database
from janus_lab.adapters.relational.schema import model, model_chain, model_circuit
from janus_lab.ports.model_registry import ModelRegistry
from janus_lab.values.codec import from_json, to_json
from janus_lab.values.model import Circuit, CircuitState, ModelOptions, ModelRecord, ModelTask


@contextmanager
def open_model_registry(url: str) -> Iterator[ModelRegistry]:
    """The registry in the database at `url`, for as long as the context lasts."""
    with open_database(url) as database:
        yield RelationalModelRegistry(database)


class RelationalModelRegistry:
    """Models, chains and circuits as rows; a chain is one row, so that it changes whole."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def records(self) -> list[ModelRecord]:
        """Every model, by name."""
        with self._database.look() as connection:
            return [_record(row) for row in connection.execute(select(model).order_by(model.c.name))]

    def find(self, name: str) -> ModelRecord | None:
        """The model of that name."""
        with self._database.look() as connection:
            row = connection.execute(select(model).where(model.c.name == name)).first()
        return None if row is None else _record(row)

    def put(self, record: ModelRecord) -> None:
        """Make a model known, in place of one of the same name."""
        row = {
            "name": record.name,
            "task": record.task.value,
            "uri": record.uri,
            "options": to_json(record.options),
            "added_at": record.added_at,
        }
        self._database.change(lambda connection: connection.execute(replacing(connection, model), row))

    def remove(self, name: str) -> bool:
        """Forget a model and take it out of every chain; False if there was none."""

        def forget(connection: Connection) -> bool:
            _unchain(connection, name)
            connection.execute(delete(model_circuit).where(model_circuit.c.name == name))
            return connection.execute(delete(model).where(model.c.name == name)).rowcount == 1

        return self._database.change(forget)

    def chain(self, task: ModelTask) -> tuple[str, ...]:
        """Names that serve the task, first the one in use; empty where nobody has chosen."""
        with self._database.look() as connection:
            names = connection.scalar(select(model_chain.c.names).where(model_chain.c.task == task.value))
        return tuple(names or ())

    def choose(self, task: ModelTask, names: Sequence[str]) -> None:
        """Let these serve the task from now on, at once and whole; none: as the settings say."""
        row = {"task": task.value, "names": list(names)}
        self._database.change(lambda connection: connection.execute(replacing(connection, model_chain), row))

    def circuits(self) -> dict[str, Circuit]:
        """What is known of servers' health, by model; only those that are not closed."""
        with self._database.look() as connection:
            found = connection.execute(select(model_circuit).order_by(model_circuit.c.name))
            return {row.name: _circuit(row) for row in found}

    def report(self, circuit: Circuit) -> None:
        """Tell the others of a circuit's change. One that is closed is forgotten: it is as if nothing had ever failed."""

        def note(connection: Connection) -> None:
            if circuit.state is CircuitState.CLOSED:
                connection.execute(delete(model_circuit).where(model_circuit.c.name == circuit.name))
            else:
                connection.execute(replacing(connection, model_circuit), to_json(circuit))

        self._database.change(note)


def _unchain(connection: Connection, name: str) -> None:
    # Held until the end, so that no chain that is chosen meanwhile is lost.
    for row in connection.execute(select(model_chain).order_by(model_chain.c.task).with_for_update()).all():
        if name in row.names:
            left = [other for other in row.names if other != name]
            connection.execute(update(model_chain).where(model_chain.c.task == row.task).values(names=left))


def _record(row: Row[Any]) -> ModelRecord:
    return ModelRecord(row.name, ModelTask(row.task), row.uri, from_json(ModelOptions, row.options), row.added_at)


def _circuit(row: Row[Any]) -> Circuit:
    return from_json(Circuit, dict(row._mapping))  # noqa: SLF001 - the public name of a row's columns
