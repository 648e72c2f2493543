"""Brings a database's schema up to date when it is opened: once, however many processes open it together."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, inspect, text

from janus_lab.adapters.relational.database import Database
from janus_lab.errors import DataTooNew

if TYPE_CHECKING:
    from alembic.config import Config

HEAD = "0004"
"""The newest revision in `migrations/versions`; a test holds the two together."""

_FOLDER = Path(__file__).parent / "migrations"
_VERSION_TABLE = "janus_schema"


def migrate(database: Database) -> None:
    """Lead the schema to HEAD. Where it is there already this is one query, without Alembic.

    Raises DataTooNew, and changes nothing, for a revision that this code does not know.
    """
    found = current_revision(database)
    if found == HEAD:
        return
    _check_known(database, found)
    with database.site.migration(database):
        # Whoever held the lock before us may have done it all.
        if current_revision(database) != HEAD:
            _upgrade(database)


def current_revision(database: Database) -> str | None:
    """The revision that the database's schema has; None where there is none yet."""
    if not database.site.present():
        return None
    with database.read() as connection:
        if not inspect(connection).has_table(_VERSION_TABLE):
            return None
        found: str | None = connection.scalar(text(f"SELECT version_num FROM {_VERSION_TABLE}"))  # noqa: S608
    return found


def _check_known(database: Database, found: str | None) -> None:
    from alembic.script import ScriptDirectory
    from alembic.util import CommandError

    if found is None:
        return
    try:
        ScriptDirectory.from_config(_config()).get_revision(found)
    except CommandError as error:
        raise DataTooNew(
            f"{database.place} was written by a newer Janus Lab (schema {found}, this one knows {HEAD})",
            remedy="upgrade with `pip install -U janus-lab`, or choose another data directory with JANUS_HOME",
        ) from error


def _upgrade(database: Database) -> None:
    from alembic import command

    config = _config()
    with database.write() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, HEAD)


def _config() -> Config:
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(_FOLDER).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["version_table"] = _VERSION_TABLE
    return config


def schema_differences(connection: Connection) -> list[object]:
    """What `schema.py` has and the database has not, or the other way round; empty unless a migration was forgotten."""
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    from janus_lab.adapters.relational.schema import FULL_TEXT, ORIGIN_INDEX, metadata

    def ours(_object: object, name: str | None, _kind: str, _reflected: bool, _other: object) -> bool:  # noqa: FBT001
        return not str(name).startswith((FULL_TEXT, ORIGIN_INDEX))

    options = {"version_table": _VERSION_TABLE, "include_object": ours, "compare_type": False}
    return list(compare_metadata(MigrationContext.configure(connection, opts=options), metadata))
