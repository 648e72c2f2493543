"""Every row of one database into another, of whatever dialects; begun again, it goes on where it ended."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

from sqlalchemy import Connection, Row, Select, Table, func, insert, select, text, tuple_

from janus_lab.adapters.documents.reading import whole_text
from janus_lab.adapters.documents.search_index import Entry
from janus_lab.adapters.documents.store import search_index
from janus_lab.adapters.relational.database import Database, open_database
from janus_lab.adapters.relational.schema import (
    chunk,
    document,
    embedding,
    measurement,
    model,
    model_chain,
    run,
    source,
    step,
    text_block,
    version,
)
from janus_lab.errors import SettingsError, StoreFailed

TABLES: tuple[Table, ...] = (
    run,
    step,
    embedding,
    source,
    model,
    model_chain,
    measurement,
    version,
    text_block,
    chunk,
    document,
)
"""In the order in which rows refer to each other. What finds documents is made anew, in the target's own way; how servers of
models are just now is not copied."""

_AT_ONCE = 1000
# Documents are indexed as they are copied, so a batch of them is heavier.
_DOCUMENTS_AT_ONCE = 200

Progress = Callable[[str, int, int], None]


def copy_rows(source_url: str, target_url: str, progress: Progress) -> dict[str, int]:
    """Copy every row; returns how many each table has in the end. `progress` is told table, rows copied and rows in all.

    Each batch is one transaction and batches come in order of their keys, so that what an interrupted copy left is a
    beginning. Raises SettingsError for a target that holds anything else, StoreFailed if the counts differ in the end.
    Nobody may write to either database meanwhile.
    """
    with open_database(source_url) as origin, open_database(target_url) as target:
        done = {table.name: _beginning(table, origin, target) for table in TABLES}
        for table in TABLES:
            _copy(table, origin, target, done[table.name], progress)
        _count_on(target)
        return _verified(origin, target)


def _copy(table: Table, origin: Database, target: Database, done: int, progress: Progress) -> None:
    total = _count(origin, table)
    for rows in _batches(table, origin, _last(target, table)):
        with target.write() as connection:
            connection.execute(insert(table), [dict(row._mapping) for row in rows])  # noqa: SLF001 - a row's public columns
            if table is document:
                _index(target, connection, rows)
        done += len(rows)
        progress(table.name, done, total)


def _batches(table: Table, origin: Database, last: Row[Any] | None) -> Iterator[list[Row[Any]]]:
    """The rows behind the one with `last`'s key, in order of their keys."""
    size = _DOCUMENTS_AT_ONCE if table is document else _AT_ONCE
    while True:
        query = _in_order(table).limit(size)
        if last is not None:
            key = [getattr(last, column.name) for column in table.primary_key]
            query = query.where(tuple_(*table.primary_key) > tuple_(*key))
        with origin.read() as connection:
            rows = list(connection.execute(query))
        if not rows:
            return
        yield rows
        last = rows[-1]


def _index(target: Database, connection: Connection, rows: list[Row[Any]]) -> None:
    texts = (partial(whole_text, connection, row.version) for row in rows)
    entries = (Entry(row.number, row.title, row.metadata, content) for row, content in zip(rows, texts, strict=True))
    search_index(target).add(connection, entries)


def _beginning(table: Table, origin: Database, target: Database) -> int:
    """How many rows the target has already. Raises SettingsError unless they are the source's first."""
    done, total = _count(target, table), _count(origin, table)
    if done and (done > total or _nth(origin, table, done) != _nth(target, table, done)):
        raise SettingsError(
            f"{target.place} holds other data than a beginning of {origin.place} (table {table.name})",
            remedy="name an empty database as the target, or empty this one if nothing in it is needed",
        )
    return done


def _nth(database: Database, table: Table, number: int) -> str:
    """A row as text, because numbers that are none (NaN) are not even equal to themselves."""
    with database.read() as connection:
        return repr(connection.execute(_in_order(table).offset(number - 1).limit(1)).first())


def _last(database: Database, table: Table) -> Row[Any] | None:
    query = select(table).order_by(*(column.desc() for column in table.primary_key)).limit(1)
    with database.read() as connection:
        return connection.execute(query).first()


def _in_order(table: Table) -> Select[Any]:
    return select(table).order_by(*table.primary_key)


def _count(database: Database, table: Table) -> int:
    with database.read() as connection:
        return int(connection.scalar(select(func.count()).select_from(table)) or 0)


def _count_on(target: Database) -> None:
    """Let numbers that the database counts up go on behind the copied ones; SQLite does that by itself."""
    with target.write() as connection:
        if connection.dialect.name == "sqlite":
            return
        for table in (step, version, document):
            last = connection.scalar(select(func.max(table.c.number)))
            if last is not None:
                sequence = text("SELECT setval(pg_get_serial_sequence(:name, 'number'), :last)")
                connection.execute(sequence, {"name": f'"{table.name}"', "last": last})


def _verified(origin: Database, target: Database) -> dict[str, int]:
    counts: Mapping[str, tuple[int, int]] = {t.name: (_count(origin, t), _count(target, t)) for t in TABLES}
    unlike = ", ".join(f"{name}: {a} and {b}" for name, (a, b) in counts.items() if a != b)
    if unlike:
        raise StoreFailed(
            f"{origin.place} and {target.place} differ after the copy ({unlike})",
            remedy="end whatever still writes (`janus down`), empty the target, and copy again",
        )
    return {name: copied for name, (_, copied) in counts.items()}
