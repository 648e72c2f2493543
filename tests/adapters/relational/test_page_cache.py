"""How many pages a connection to SQLite keeps."""

from __future__ import annotations

import pytest

from janus_lab.adapters.relational.database import open_database
from janus_lab.settings import load_settings


@pytest.mark.parametrize("folder", ["plain", "what?cache_mb=9", "a?b"])
def test_the_setting_reaches_every_connection(tmp_path, folder):
    settings = load_settings(tmp_path / folder, environment={}, sqlite_cache_mb=7)
    with open_database(settings.url("relational_url")) as database, database.look() as connection:
        assert connection.exec_driver_sql("PRAGMA cache_size").scalar() == -7000
    assert (settings.home / "janus.db").is_file()


def test_a_url_without_it_has_a_modest_one(tmp_path):
    with open_database(f"sqlite:///{tmp_path}/x.db") as database, database.look() as connection:
        assert connection.exec_driver_sql("PRAGMA cache_size").scalar() == -16000
