"""What only a server shows: several processes at work together, and everything that it may refuse."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Iterator

import psycopg
import pytest
from sqlalchemy import make_url, text

from janus_lab.adapters.documents.store import open_documents
from janus_lab.adapters.relational import postgresql, postgresql_address
from janus_lab.adapters.relational.database import open_database
from janus_lab.adapters.relational.ledger import open_ledger
from janus_lab.adapters.relational.server_checks import checks
from janus_lab.adapters.relational.source_index import open_source_index
from janus_lab.errors import (
    AccessDenied,
    DataTooNew,
    EngineTooOld,
    JanusError,
    SettingsError,
    StoreFailed,
    StoreUnreachable,
)
from janus_lab.values.document import SourceStamp
from janus_lab.values.health import Verdict
from janus_lab.values.run import Priority, Run, RunKind, RunState

RUN = Run("a" * 32, RunKind.INGEST, RunState.QUEUED, Priority.BATCH, {}, 1.0)
RACER = """
import sys, time
from janus_lab.adapters.relational.ledger import open_ledger
from janus_lab.values.run import Step
with open_ledger(sys.argv[1]) as ledger:
    print("ready", flush=True)
    sys.stdin.readline()
    print(sum(ledger.commit_step(Step("a" * 32, str(n), {"by": sys.argv[2]}, 1.0), fence=1) for n in range(60)))
"""


def refused(url: str) -> JanusError:
    with pytest.raises(JanusError) as caught, open_ledger(url):
        pass
    password = make_url(url).password
    assert not password or str(password) not in f"{caught.value.message} {caught.value.remedy}"
    told = [check for check in checks(url) if check.verdict is Verdict.FAILED]
    assert [(check.detail, check.remedy) for check in told] == [(caught.value.message, caught.value.remedy)]
    return caught.value


def changed(url: str, **parts: object) -> str:
    return make_url(url).set(**parts).render_as_string(hide_password=False)


def test_processes_open_a_new_database_together_and_each_step_is_committed_once(postgresql_url):
    racers = [
        subprocess.Popen(
            [sys.executable, "-c", RACER, postgresql_url, str(k)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for k in range(3)
    ]
    for racer in racers:
        assert racer.stdout.readline() == "ready\n"
    with open_ledger(postgresql_url) as ledger:
        ledger.create(RUN)
        ledger.start(RUN.id, 1, 1.0)
        fresh = [int(racer.communicate("go\n", timeout=240)[0]) for racer in racers]
        assert sum(fresh) == len(ledger.steps(RUN.id)) == 60


def test_a_wrong_password_user_or_database_is_told_with_what_to_do(postgresql_url):
    for parts in ({"password": "not-it"}, {"password": ""}, {"username": "nobody-here"}):
        error = refused(changed(postgresql_url, **parts))
        assert isinstance(error, AccessDenied), parts
        assert "user and password" in error.remedy
    missing = refused(changed(postgresql_url, database="not-there"))
    assert isinstance(missing, AccessDenied)
    assert "createdb --encoding=UTF8 not-there" in missing.remedy


def test_where_nothing_listens_is_told_and_what_is_no_url(postgresql_url):
    assert isinstance(refused(changed(postgresql_url, port=1)), StoreUnreachable)
    assert isinstance(refused(changed(postgresql_url, host="no-such-host.invalid")), StoreUnreachable)
    with pytest.raises(SettingsError), open_ledger("postgresql://user:secret@host:port/db"):
        pass


def test_a_server_too_old_or_a_schema_too_new_is_told(postgresql_url, monkeypatch):
    with open_database(postgresql_url) as database, database.write() as connection:
        connection.execute(text("UPDATE janus_schema SET version_num = '9999'"))
    with pytest.raises(DataTooNew, match="9999"), open_ledger(postgresql_url):
        pass
    monkeypatch.setattr(postgresql, "OLDEST", 990000)
    assert isinstance(refused(postgresql_url), EngineTooOld)


def test_another_encoding_is_refused(postgresql_url):
    with psycopg.connect(postgresql_url.replace("+psycopg", ""), autocommit=True) as connection:
        connection.execute("CREATE DATABASE latin ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0")
        try:
            error = refused(changed(postgresql_url, database="latin"))
        finally:
            connection.execute("DROP DATABASE latin WITH (FORCE)")
    assert isinstance(error, StoreFailed)
    assert "UTF8" in error.remedy


def test_a_user_who_may_not_make_tables_is_told(postgresql_url):
    with psycopg.connect(postgresql_url.replace("+psycopg", ""), autocommit=True) as connection:
        connection.execute("REVOKE CREATE ON SCHEMA public FROM PUBLIC; CREATE ROLE guest LOGIN PASSWORD 'guest'")
        try:
            with (
                pytest.raises(AccessDenied, match="may not make"),
                open_ledger(changed(postgresql_url, username="guest", password="guest")),
            ):
                pass
        finally:
            connection.execute("DROP ROLE guest")


def test_no_more_connections_is_told(postgresql_url):
    with psycopg.connect(postgresql_url.replace("+psycopg", ""), autocommit=True) as connection:
        connection.execute("CREATE ROLE lonely LOGIN PASSWORD 'lonely' CONNECTION LIMIT 0")
        try:
            error = refused(changed(postgresql_url, username="lonely", password="lonely"))
        finally:
            connection.execute("DROP ROLE lonely")
    assert isinstance(error, (AccessDenied, StoreUnreachable))


def test_a_lock_that_never_ends_is_told(postgresql_url, monkeypatch):
    monkeypatch.setitem(postgresql_address._SESSION, "lock_timeout", "200ms")
    with open_ledger(postgresql_url) as ledger:
        ledger.create(RUN)
        with psycopg.connect(postgresql_url.replace("+psycopg", "")) as holder:
            holder.execute("SELECT id FROM run FOR UPDATE")
            assert ledger.get(RUN.id) == RUN
            with pytest.raises(StoreUnreachable, match="too slow"):
                ledger.start(RUN.id, 1, 1.0)
        assert ledger.start(RUN.id, 1, 1.0)


def test_checks_tell_how_a_server_is(postgresql_url):
    before = list(checks(postgresql_url))
    assert {check.verdict for check in before} == {Verdict.OK}
    assert "none" in next(check.detail for check in before if check.name == "database schema")
    with open_ledger(postgresql_url):
        pass
    names = [check.name for check in checks(postgresql_url)]
    assert names == [
        f"database{part}" for part in ("", " version", " schema", " rights", " connections", " size", " clock")
    ]
    assert str(make_url(postgresql_url).password) not in repr(list(checks(postgresql_url)))


def test_texts_keep_their_order_and_every_character(postgresql_url):
    origins = ["Z", "a", "B", "ä", "a\0", "a\x01", "a\x02", "\U0001f600", "\uffff", "a b"]
    with open_source_index(postgresql_url) as sources, open_database(postgresql_url) as database:
        sources.record("default", [SourceStamp(origin, 1, 1, "0") for origin in origins])
        with database.read() as connection:
            kept = list(connection.scalars(text("SELECT origin FROM source ORDER BY origin")))
        assert set(sources.stamps("default", origins)) == set(origins)
    assert [o.replace("\x01\x01", "\0").replace("\x01\x02", "\x01") for o in kept] == sorted(origins)


def test_two_who_write_the_same_in_other_orders_both_succeed(postgresql_url, make_version):
    versions = [make_version(n) for n in range(40)]
    failures: list[BaseException] = []

    def work(order: list) -> None:
        try:
            with open_documents(postgresql_url) as store:
                for _ in range(3):
                    store.stage(order)
                    store.publish([v.document for v in order])
                    store.remove([v.document.id for v in order[:5]])
        except JanusError as error:
            failures.append(error)

    threads = [threading.Thread(target=work, args=(order,)) for order in (versions, versions[::-1])]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [f for f in failures if "without being staged" not in str(f)] == []


@pytest.fixture
def slow_server(postgresql_server) -> Iterator[int]:
    """A port behind which somebody listens and never answers."""
    import socket

    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


def test_a_server_that_never_answers_is_told_in_time(postgresql_url, slow_server, monkeypatch):
    monkeypatch.setattr(postgresql_address, "_CONNECT_SECONDS", 2)
    started = time.monotonic()
    with pytest.raises(StoreUnreachable), open_ledger(changed(postgresql_url, port=slow_server)):
        pass
    assert time.monotonic() - started < 90
