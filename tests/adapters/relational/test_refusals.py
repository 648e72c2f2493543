"""What SQLite and the disk refuse is told in our words."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
import tempfile
import threading
import traceback
from pathlib import Path

import numpy as np
import psycopg
import pytest
from sqlalchemy import text

from janus_lab.adapters.relational import sqlite
from janus_lab.adapters.relational.database import open_database
from janus_lab.adapters.relational.embedding_cache import open_embedding_cache
from janus_lab.adapters.relational.ledger import open_ledger
from janus_lab.adapters.relational.source_index import open_source_index
from janus_lab.errors import DataDirectoryUnusable, DiskFull, StoreFailed, StoreUnreachable, UnknownScheme
from janus_lab.values.document import SourceStamp


def test_a_folder_below_a_file_can_not_be_made(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(DataDirectoryUnusable) as caught, open_ledger(f"sqlite:///{tmp_path}/file/deep/janus.db"):
        pass
    assert "JANUS_HOME" in caught.value.remedy
    assert isinstance(caught.value.__cause__, OSError)


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_what_goes_to_the_log_holds_no_text_of_a_document(request, tmp_path, database):
    url = f"sqlite:///{tmp_path}/janus.db" if database == "sqlite" else request.getfixturevalue("postgresql_url")
    secret = "of a letter"
    with open_database(url) as opened, pytest.raises(StoreFailed) as caught, opened.write() as connection:
        connection.execute(text("INSERT INTO nowhere VALUES (:words)"), {"words": secret})
    told = "".join(traceback.format_exception(caught.value))
    assert "INSERT INTO nowhere" in told
    assert secret not in told


def test_a_folder_in_the_place_of_the_database_is_told(tmp_path):
    (tmp_path / "janus.db").mkdir()
    with pytest.raises(DataDirectoryUnusable), open_ledger(f"sqlite:///{tmp_path}/janus.db"):
        pass


@pytest.mark.fault
def test_a_read_only_disk_is_told(small_disk):
    place, lock = small_disk("8m")
    with open_ledger(f"sqlite:///{place}/janus.db"):
        pass
    lock()
    for name in ("janus.db", "new.db", "deep/new.db"):
        with pytest.raises(DataDirectoryUnusable), open_ledger(f"sqlite:///{place}/{name}") as ledger:
            ledger.find()


@pytest.mark.fault
def test_a_full_disk_is_told_and_loses_nothing(small_disk):
    place, _ = small_disk("3m")
    stored: list[str] = []

    def fill(cache) -> None:
        for number in range(100_000):
            text_hash = f"{number:064x}"
            cache.put("model", {text_hash: np.full(4096, number, dtype=np.float32)})
            stored.append(text_hash)

    url = f"sqlite:///{place}/janus.db"
    with open_embedding_cache(url) as cache:
        with pytest.raises(DiskFull) as caught:
            fill(cache)
        assert str(place) in caught.value.remedy
        assert stored
        assert cache.get("model", stored).keys() == set(stored)
    with open_embedding_cache(url) as cache:
        assert cache.get("model", stored).keys() == set(stored)


@pytest.mark.fault
def test_a_disk_that_is_full_before_the_database_is_there(small_disk):
    place, _ = small_disk("64k")
    (place / "filler").write_bytes(b"x" * 64 * 1024)
    with pytest.raises(DiskFull), open_ledger(f"sqlite:///{place}/janus.db"):
        pass


def test_what_is_no_database_is_told(tmp_path):
    (tmp_path / "janus.db").write_bytes(b"this is no database at all" * 100)
    with pytest.raises(StoreFailed) as caught, open_ledger(f"sqlite:///{tmp_path}/janus.db"):
        pass
    assert "backup" in caught.value.remedy


def test_a_lock_that_never_ends_is_told(tmp_path, monkeypatch):
    monkeypatch.setattr(sqlite, "_BUSY_SECONDS", 0.2)
    with open_ledger(f"sqlite:///{tmp_path}/janus.db") as ledger:
        holder = sqlite3.connect(tmp_path / "janus.db", isolation_level=None)
        holder.execute("BEGIN IMMEDIATE")
        try:
            assert ledger.find() == []
            with pytest.raises(StoreUnreachable):
                ledger.requeue("0" * 32)
        finally:
            holder.close()
        assert not ledger.requeue("0" * 32)


def test_a_failed_transaction_is_undone(tmp_path):
    with open_source_index(f"sqlite:///{tmp_path}/janus.db") as index:
        stamps = [SourceStamp("fine", 1, 1, "0"), SourceStamp("too big a number", 2**70, 1, "0")]
        with pytest.raises(StoreFailed):
            index.record("default", stamps)
        with pytest.raises(StoreFailed):
            index.record("default", [stamps[0], SourceStamp("\udcff", 1, 1, "0")])
        assert index.stamps("default", ["fine"]) == {}


def test_writers_in_threads_wait_for_each_other(tmp_path):
    with open_source_index(f"sqlite:///{tmp_path}/janus.db") as index:

        def write(k: int) -> None:
            for n in range(25):
                index.record("default", [SourceStamp(f"{k}-{n}", 1, 1, "0")])

        threads = [threading.Thread(target=write, args=(k,)) for k in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(index.stamps("default", [f"{k}-{n}" for k in range(8) for n in range(25)])) == 200


def test_it_is_a_shared_database(tmp_path):
    with open_database(f"sqlite:///{tmp_path}/janus.db") as database, database.read() as connection:
        facts = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "foreign_keys", "synchronous", "busy_timeout")
        }
    assert facts == {"journal_mode": "wal", "foreign_keys": 1, "synchronous": 1, "busy_timeout": 30_000}


def test_other_schemes_are_told():
    with pytest.raises(UnknownScheme), open_database("mysql://somewhere"):
        pass


def test_the_place_in_an_error_is_the_file(tmp_path):
    path = tmp_path / "ünï code" / "janus.db"
    with open_database(f"sqlite:///{path}") as database:
        assert database.place == Path(path)


@pytest.mark.fault
def test_a_server_whose_disk_is_full_is_told_and_loses_nothing(small_disk, postgresql_server, postgresql_url):
    place, _ = small_disk("20m")
    # Not in pytest's own folders, which the server's user may not enter.
    disk = Path(tempfile.mkdtemp(prefix="janus-disk-"))
    subprocess.run(["mount", "--bind", str(place), str(disk)], check=True)
    try:
        shutil.chown(disk, (postgresql_server.folder / "data").owner())
        disk.chmod(0o700)
        _fill_a_tablespace(postgresql_url, disk)
    finally:
        subprocess.run(["umount", "--lazy", str(disk)], check=True)
        disk.rmdir()


def _fill_a_tablespace(url: str, disk: Path) -> None:
    stored: list[str] = []

    def fill(cache) -> None:
        for number in range(100_000):
            numbers = np.random.default_rng(number).standard_normal(16_384).astype(np.float32)
            cache.put("model", {f"{number:064x}": numbers})
            stored.append(f"{number:064x}")

    with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as admin:
        admin.execute(f"CREATE TABLESPACE small LOCATION '{disk}'")
        try:
            with open_embedding_cache(url) as cache:
                admin.execute("ALTER TABLE embedding SET TABLESPACE small")
                with pytest.raises(DiskFull) as caught:
                    fill(cache)
                assert "where the server keeps its data" in caught.value.remedy
                assert stored
                assert cache.get("model", stored).keys() == set(stored)
        finally:
            admin.execute("DROP TABLE embedding")
            admin.execute("DROP TABLESPACE small")
