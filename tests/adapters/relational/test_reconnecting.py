"""A PostgreSQL server killed and started again: one refusal at most, and the same objects work on."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest
from sqlalchemy import text

from janus_lab.adapters.documents.store import open_documents
from janus_lab.adapters.relational import exclusion, postgresql, postgresql_refusal
from janus_lab.adapters.relational.database import open_database
from janus_lab.adapters.relational.ledger import open_ledger
from janus_lab.adapters.relational.postgresql_connection import BoundedConnection
from janus_lab.adapters.relational.source_index import open_source_index
from janus_lab.errors import StoreUnreachable
from janus_lab.values.document import SourceStamp
from janus_lab.values.run import Priority, Run, RunKind, RunState, Step

RUN = Run("a" * 32, RunKind.INGEST, RunState.QUEUED, Priority.BATCH, {}, 1.0)


@pytest.mark.fault
def test_the_same_store_works_again_after_its_server_was_killed(postgresql_server, postgresql_url):
    with open_ledger(postgresql_url) as ledger, open_source_index(postgresql_url) as sources:
        ledger.create(RUN)
        ledger.start(RUN.id, 1, 1.0)
        ledger.commit_step(Step(RUN.id, "before", {}, 1.0), fence=1)
        postgresql_server.kill()
        for use in (lambda: ledger.find(), lambda: ledger.commit_step(Step(RUN.id, "x", {}, 1.0), fence=1)):
            with pytest.raises(StoreUnreachable) as caught:
                use()
            assert "start it" in caught.value.remedy
        postgresql_server.start()
        assert ledger.commit_step(Step(RUN.id, "after", {}, 1.0), fence=1)
        assert [step.key for step in ledger.steps(RUN.id)] == ["before", "after"]
        with suppress(StoreUnreachable):
            # A connection that was used just now is taken for alive.
            sources.record("default", [SourceStamp("a", 1, 1, "0")])
        sources.record("default", [SourceStamp("a", 1, 1, "0")])


@pytest.mark.fault
@pytest.mark.parametrize("back", [False, True], ids=["away", "back again"])
def test_a_server_killed_in_mid_transaction_is_unreachable_and_nothing_else(postgresql_server, postgresql_url, back):
    def broken(database) -> None:
        with database.write() as connection:
            connection.execute(text("UPDATE janus_schema SET version_num = '0'"))
            postgresql_server.kill()
            if back:
                postgresql_server.start()
            connection.execute(text("SELECT 1"))

    with open_database(postgresql_url) as database:
        with pytest.raises(StoreUnreachable):
            broken(database)
        postgresql_server.start()
        with database.read() as connection:
            assert connection.scalar(text("SELECT version_num FROM janus_schema")) != "0"


@pytest.mark.fault
def test_a_quick_restart_costs_one_refusal_at_most(postgresql_server, postgresql_url, make_version):
    with open_documents(postgresql_url) as store:
        version = make_version(1)
        store.stage([version])
        postgresql_server.kill()
        postgresql_server.start()
        refusals = 0
        for _ in range(3):
            try:
                store.publish([version.document])
            except StoreUnreachable:
                refusals += 1
        assert refusals <= 1
        assert store.find(words="title") == [version.document]


@pytest.mark.fault
@pytest.mark.parametrize("trusted", [60.0, 0.0], ids=["in mid-work", "after a pause"])
def test_a_silent_server_is_given_up(postgresql_url, proxied, monkeypatch, trusted):
    connect = BoundedConnection.connect
    proxy = proxied(postgresql_url)
    with open_ledger(proxy.url) as ledger:
        ledger.create(RUN)
        proxy.hang()
        # From here on there is little patience, and nobody who could answer in time.
        monkeypatch.setattr(postgresql, "_TRUSTED_SECONDS", trusted)
        monkeypatch.setattr(postgresql, "_ALIVE_SECONDS", 0.3)
        monkeypatch.setattr(postgresql_refusal, "_SECONDS", 1.0)
        monkeypatch.setattr(
            BoundedConnection,
            "connect",
            lambda **how: connect(**how | {"connect_timeout": min(2, how["connect_timeout"])}),
        )
        if trusted:
            monkeypatch.setattr(BoundedConnection, "reply_seconds", 0.3)
        started = time.monotonic()
        with pytest.raises(StoreUnreachable):
            ledger.find()
        assert time.monotonic() < started + 60
        proxy.heal()
        monkeypatch.undo()
        assert [run.id for run in ledger.find()] == [RUN.id]


def test_a_name_is_waited_for_longer_than_any_reply(postgresql_url, monkeypatch):
    monkeypatch.setattr(exclusion, "_PATIENT", text("SET lock_timeout = 0; SET statement_timeout = '1s'"))
    in_vain = threading.Event()

    def taken(*what, taken=exclusion._taken) -> bool:
        if not (got := taken(*what)):
            in_vain.set()
        return got

    monkeypatch.setattr(exclusion, "_taken", taken)

    def wait() -> float:
        with held.hold(["a", "b", "c"]):
            return time.monotonic()

    with exclusion.open_exclusion(postgresql_url) as held, ThreadPoolExecutor(1) as pool:
        with held.hold(["b"]):
            waiting = pool.submit(wait)
            assert in_vain.wait(60)
            assert not waiting.done()
            left = time.monotonic()
        assert waiting.result(60) >= left
