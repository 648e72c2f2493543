"""The schema: made once, however many open it together; never touched by older code; opened fast when it is there."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest
from alembic.script import ScriptDirectory
from sqlalchemy import text

from janus_lab.adapters.relational import migrate
from janus_lab.adapters.relational.database import open_database
from janus_lab.adapters.relational.ledger import open_ledger
from janus_lab.errors import DataTooNew

RACER = """
import sys, time
from janus_lab.adapters.relational.ledger import open_ledger
from janus_lab.values.ids import new_run_id
from janus_lab.values.run import Priority, Run, RunKind, RunState
time.sleep(max(0, float(sys.argv[2]) - time.time()))
with open_ledger(sys.argv[1]) as ledger:
    for _ in range(25):
        ledger.create(Run(new_run_id(), RunKind.ASK, RunState.QUEUED, Priority.BATCH, {}, time.time()))
"""
IMPORTS = """
import sys
from janus_lab.adapters.relational.ledger import open_ledger
with open_ledger(sys.argv[1]) as ledger:
    ledger.find()
print(sorted(name for name in sys.modules if name.partition(".")[0] in {"alembic", "mako"}))
"""


@pytest.fixture
def url(tmp_path):
    return f"sqlite:///{tmp_path}/ein Ordner/100% ünïcode/janus.db"


def test_four_processes_open_a_new_database_together(url):
    at = str(time.time() + 2.5)
    racers = [subprocess.Popen([sys.executable, "-c", RACER, url, at], stderr=subprocess.PIPE) for _ in range(4)]
    errors = [racer.communicate(timeout=240)[1].decode() for racer in racers]
    assert [racer.returncode for racer in racers] == [0] * 4, errors
    with open_ledger(url) as ledger:
        assert len(ledger.find(limit=1000)) == 100


def test_the_migrations_make_the_schema(url):
    with open_database(url) as database, database.read() as connection:
        assert migrate.schema_differences(connection) == []


def test_the_migrations_make_the_schema_on_a_server(postgresql_url):
    with open_database(postgresql_url) as database, database.read() as connection:
        assert migrate.schema_differences(connection) == []


def test_head_is_the_newest_revision():
    assert ScriptDirectory.from_config(migrate._config()).get_heads() == [migrate.HEAD]


def test_a_data_directory_of_the_first_schema_is_led_on_with_its_runs(url, monkeypatch):
    monkeypatch.setattr(migrate, "HEAD", "0001")
    with open_database(url) as database, database.write() as connection:
        connection.execute(
            text(
                "INSERT INTO run (id, kind, state, priority, request, created_at, attempts, fence, manifest)"
                " VALUES ('abcd', 'ask', 'done', 'batch', '{}', 1.0, 1, 1, '{}')"
            )
        )
    monkeypatch.undo()
    with open_ledger(url) as ledger:
        assert [(run.id, run.parent, run.cell) for run in ledger.find()] == [("abcd", "", "")]
    with open_database(url) as database, database.read() as connection:
        assert migrate.schema_differences(connection) == []


def test_an_interrupted_migration_leaves_nothing(url, monkeypatch):
    def broken(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("alembic.op.execute", broken)
    with pytest.raises(KeyboardInterrupt), open_database(url):
        pass
    monkeypatch.undo()
    with sqlite3.connect(url.removeprefix("sqlite:///")) as connection:
        assert connection.execute("SELECT name FROM sqlite_master").fetchall() == []
    connection.close()
    with open_ledger(url) as ledger:
        assert ledger.find() == []


def test_a_database_from_a_newer_version_is_left_alone(url):
    with open_database(url) as database, database.write() as connection:
        connection.execute(text("UPDATE janus_schema SET version_num = '9999'"))
    file = Path(url.removeprefix("sqlite:///"))
    before = file.read_bytes()
    with pytest.raises(DataTooNew) as caught, open_ledger(url):
        pass
    assert "9999" in caught.value.message
    assert "upgrade" in caught.value.remedy
    assert file.read_bytes() == before


def test_opening_again_is_fast_and_needs_no_alembic(url):
    with open_ledger(url):
        pass
    seconds = []
    for _ in range(10):
        # Of a processor, which others may have meanwhile.
        started = time.thread_time()
        with open_ledger(url):
            seconds.append(time.thread_time() - started)
    assert min(seconds) < 0.02
    done = subprocess.run([sys.executable, "-c", IMPORTS, url], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
