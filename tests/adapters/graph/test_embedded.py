"""What only the embedded graph shows."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sqlite3
import time

import pytest

from janus_lab.adapters.graph.embedded import open_graph
from janus_lab.errors import DataTooNew, StoreFailed
from janus_lab.values.graph import Entity, Relation

HOME = "papers"


def test_a_file_of_a_newer_version_is_left_alone(tmp_path):
    with open_graph(f"sqlite:///{tmp_path}/graph.db"):
        pass
    with sqlite3.connect(tmp_path / "graph.db") as connection:
        connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(DataTooNew), open_graph(f"sqlite:///{tmp_path}/graph.db"):
        pass


def test_what_is_no_database_is_left_alone(tmp_path):
    (tmp_path / "graph.db").write_text("no database " * 1000)
    with pytest.raises(StoreFailed), open_graph(f"sqlite:///{tmp_path}/graph.db"):
        pass


def test_the_file_is_for_its_owner_only(tmp_path):
    with open_graph(f"sqlite:///{tmp_path}/graph.db"):
        assert (tmp_path / "graph.db").stat().st_mode & 0o777 == 0o600


def test_another_process_s_change_is_seen_by_ranks(tmp_path):
    url = f"sqlite:///{tmp_path}/graph.db"
    with open_graph(url) as one, open_graph(url) as other:
        one.upsert(HOME, [Entity("a", "a"), Entity("b", "b")])
        assert one.page_rank(HOME, {"a": 1}) == [("a", 1.0)]
        other.upsert(HOME, [], [Relation("r", "a", "b")])
        assert len(one.page_rank(HOME, {"a": 1})) == 2


def write_for_ever(url: str) -> None:
    nodes = [Entity(f"{n:04}", "x", chunk_ids=("c",)) for n in range(2000)]
    with open_graph(url) as graph:
        for n in range(10_000):
            graph.upsert(f"{n}", nodes)


@pytest.mark.fault
def test_a_writer_killed_in_mid_write_leaves_all_or_nothing(tmp_path):
    url = f"sqlite:///{tmp_path}/graph.db"
    writer = multiprocessing.get_context("spawn").Process(target=write_for_ever, args=(url,), daemon=True)
    writer.start()
    with open_graph(url) as graph:
        deadline = time.monotonic() + 120
        while len(graph.totals()) < 3:
            assert time.monotonic() < deadline
            time.sleep(0.05)
        os.kill(writer.pid, signal.SIGKILL)
        writer.join(60)
        assert set(graph.totals().values()) == {(2000, 0)}
        assert len(graph.mentioned("0", ["c"])["c"]) == 2000
