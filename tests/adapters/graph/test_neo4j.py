"""What only a graph on a server shows: refusals, restarts, races, queries that somebody wrote."""

from __future__ import annotations

import itertools
import logging
import multiprocessing
import threading
import time

import neo4j
import pytest
from native_stack.ports import reserve

from janus_lab.adapters.graph.neo4j import open_graph
from janus_lab.adapters.graph.neo4j_checks import checks
from janus_lab.adapters.graph.neo4j_server import address, check_version, open_server
from janus_lab.errors import AccessDenied, DataTooNew, EngineTooOld, SettingsError, StoreUnreachable, UserError
from janus_lab.values.graph import Entity, Relation
from janus_lab.values.health import Verdict

HOME = "papers"


def chain(count: int, prefix: str = "") -> tuple[list[Entity], list[Relation]]:
    nodes = [Entity(f"{prefix}{n:05}", f"number {n}", chunk_ids=(f"c{n}",)) for n in range(count)]
    return nodes, [Relation(f"{a.id}-", a.id, b.id) for a, b in itertools.pairwise(nodes)]


@pytest.fixture
def graph(neo4j_url):
    with open_graph(neo4j_url) as store:
        yield store


def test_values_of_a_query_are_plain(graph):
    graph.upsert(HOME, *chain(2))
    rows = graph.cypher(
        "MATCH p = (a:Entity {id: $id})-[r]->(b) RETURN a, r, p, b.name AS name, [1, null, {x: 1.5}] AS list,"
        " date('2024-02-03') AS day, duration('P1DT2H') AS span, point({x: 1, y: 2}) AS place, true AS yes",
        {"id": "00000"},
    )
    (row,) = rows
    assert row["a"]["labels"] == ["Entity"]
    assert row["a"]["properties"]["name"] == "number 0"
    assert row["r"]["type"] == "RELATED"
    assert [n["properties"]["id"] for n in row["p"]["nodes"]] == ["00000", "00001"]
    assert (row["name"], row["list"], row["day"]) == ("number 1", [1, None, {"x": 1.5}], "2024-02-03")
    assert (row["span"], row["yes"]) == ("P1DT2H", True)
    assert row["place"]["coordinates"] == [1.0, 2.0]


def test_rows_are_bounded(graph):
    assert len(graph.cypher("UNWIND range(1, 1000000) AS n RETURN n", limit=7)) == 7
    assert graph.cypher("MATCH (n:Nothing) RETURN n") == []


WRITES = [
    "CREATE (n:X) RETURN n",
    "MERGE (n:X {a: 1}) RETURN n",
    "MATCH (n) DETACH DELETE n",
    "MATCH (n) SET n.x = 1",
    "CALL { CREATE (n:X) RETURN n } RETURN n",
    "MATCH (n) CALL { WITH n DETACH DELETE n } IN TRANSACTIONS",
    "CREATE INDEX x FOR (n:X) ON (n.y)",
    "DROP CONSTRAINT constraint_unique_Entity_key",
    "CALL db.createLabel('X')",
    "CREATE USER other SET PASSWORD 'long enough'",
    "ALTER CURRENT USER SET PASSWORD FROM 'a' TO 'long enough'",
]


@pytest.mark.parametrize(
    "query",
    [*WRITES, "LOAD CSV FROM 'file:///etc/passwd' AS l RETURN l", "TERMINATE TRANSACTIONS 'neo4j-transaction-1'"],
)
def test_without_write_nothing_changes_and_nothing_else_is_reached(graph, query):
    graph.upsert(HOME, *chain(2))
    before = list(graph.iterate(HOME))
    with pytest.raises(UserError) as raised:
        graph.cypher(query)
    assert "--write" in raised.value.remedy
    assert list(graph.iterate(HOME)) == before
    assert graph.cypher("MATCH (n:X) RETURN n") == []


@pytest.mark.parametrize("query", [q for q in WRITES if "IN TRANSACTIONS" not in q])
def test_the_server_itself_refuses_writes_in_a_reading_transaction(graph, neo4j_url, query):
    graph.upsert(HOME, *chain(2))
    with open_server(neo4j_url) as server:
        session = server.driver.session(database="neo4j", default_access_mode=neo4j.READ_ACCESS)
        with session, pytest.raises(neo4j.exceptions.ClientError):
            session.run(query).consume()
    assert graph.totals() == {HOME: (2, 1)}


def test_apoc_is_absent(graph):
    with pytest.raises(UserError):
        graph.cypher("RETURN apoc.version()")


@pytest.mark.parametrize("query", ["MATCH (n", "RETURN $missing", "RETURN 1/0", "", "RETURN 1; RETURN 2"])
def test_wrong_queries_are_the_users(graph, query):
    with pytest.raises(UserError):
        graph.cypher(query)


def test_a_wrong_query_is_shown_where_it_is_wrong_as_it_was_written(graph):
    with pytest.raises(UserError) as raised:
        graph.cypher("MATCH (n)\nRETRN n")
    assert "EXPLAIN" not in raised.value.message
    assert "(line 2, column 1)" in raised.value.message


def test_writing_when_asked_to(graph):
    graph.upsert(HOME, *chain(3))
    assert [name for name, _ in graph.page_rank(HOME, {"00000": 1})] == ["00001", "00000", "00002"]
    graph.cypher("MATCH (:Entity {id: '00000'})-[r]->() DELETE r", write=True)
    assert [name for name, _ in graph.page_rank(HOME, {"00000": 1})] == ["00000"]


def test_addresses():
    place = address("bolt://us%40er:p%2Fw%3A1@[::1]:7/data")
    assert (place.target, place.database, place.user, place.password) == ("bolt://[::1]:7", "data", "us@er", "p/w:1")
    assert "p/w:1" not in repr(place) + place.shown
    with pytest.raises(SettingsError):
        address("bolt:///nowhere")


def test_old_servers_are_refused():
    with pytest.raises(EngineTooOld):
        check_version("5.12.3", "bolt://x")
    check_version("5.13.0", "bolt://x")
    check_version("2025.10.1", "bolt://x")


def test_nobody_answers():
    reserved = reserve()
    port = reserved.number
    with pytest.raises(StoreUnreachable) as raised, open_graph(f"bolt://neo4j:secret@127.0.0.1:{port}"):
        pass
    assert "secret" not in str(raised.value)
    (check,) = checks(f"bolt://neo4j:secret@127.0.0.1:{port}")
    reserved.release()
    assert check.verdict is Verdict.FAILED
    assert "secret" not in check.detail


def test_wrong_passwords_are_refused_and_never_shown(neo4j_url, neo4j_server, caplog):
    caplog.set_level(logging.DEBUG)
    wrong = neo4j_url.replace(neo4j_url.partition("neo4j:")[2].partition("@")[0], "mistaken")
    for _ in range(5):
        # After some of these the server refuses for a while without looking.
        with pytest.raises(AccessDenied) as raised, open_graph(wrong):
            pass
        assert "mistaken" not in str(raised.value)
    assert "mistaken" not in caplog.text
    time.sleep(6)
    with open_graph(neo4j_url) as graph:
        graph.upsert(HOME, *chain(2))
    assert neo4j_url.partition("neo4j:")[2].partition("@")[0] not in caplog.text


def test_what_doctor_is_told(neo4j_url):
    found = list(checks(neo4j_url))
    assert [c.name for c in found] == ["graph store", "graph store clock", "graph store schema", "graph store database"]
    assert all(check.verdict is Verdict.OK for check in found)


def test_two_stores_in_one_process_are_two(graph, neo4j_url):
    elsewhere = neo4j_url.replace("127.0.0.1", "localhost")
    with open_graph(elsewhere) as other:
        other.upsert(HOME, *chain(2))
    graph.upsert(HOME, *chain(3))
    assert graph.totals() == {HOME: (3, 2)}


def test_a_newer_schema_is_left_alone(graph, neo4j_url):
    graph.cypher("MATCH (s:JanusSchema) SET s.version = '99'", write=True)
    with pytest.raises(DataTooNew), open_graph(neo4j_url):
        pass
    graph.cypher("MATCH (s:JanusSchema) DELETE s", write=True)


def open_and_write(url: str, start) -> None:
    start.wait()
    with open_graph(url) as graph:
        graph.upsert(HOME, *chain(3))


def test_processes_that_open_a_new_graph_together(neo4j_url):
    with open_server(neo4j_url) as server, server.driver.session() as session:
        for kind in ("CONSTRAINT", "INDEX"):
            for row in session.run(f"SHOW {kind} YIELD name, type WHERE type <> 'LOOKUP' RETURN name").data():
                session.run(f"DROP {kind} `{row['name']}` IF EXISTS").consume()
    context = multiprocessing.get_context("spawn")
    start = context.Barrier(3)
    openers = [context.Process(target=open_and_write, args=(neo4j_url, start)) for _ in range(3)]
    for opener in openers:
        opener.start()
    for opener in openers:
        opener.join(240)
    assert [opener.exitcode for opener in openers] == [0] * 3
    with open_graph(neo4j_url) as graph:
        assert graph.totals() == {HOME: (3, 2)}
        assert graph.cypher("MATCH (s:JanusSchema) RETURN count(s) AS count, s.version AS version") == [
            {"count": 1, "version": "1"}
        ]


@pytest.mark.fault
def test_a_server_killed_in_mid_write_keeps_all_or_nothing(graph, neo4j_server):
    nodes, edges = chain(1500)
    graph.upsert(HOME, nodes, edges)
    failed: list[StoreUnreachable] = []
    started = threading.Event()

    def write() -> None:
        for n in itertools.count():
            started.set()
            try:
                graph.upsert(f"more {n}", nodes, edges)
            except StoreUnreachable as error:
                failed.append(error)
                return

    writer = threading.Thread(target=write)
    writer.start()
    started.wait()
    time.sleep(1.5)
    neo4j_server.kill()
    writer.join(180)
    assert failed
    with pytest.raises(StoreUnreachable):
        graph.totals()
    neo4j_server.restart()
    totals = graph.totals()
    assert set(totals.values()) == {(1500, 1499)}
    graph.upsert(HOME, [Entity("new", "new")])
    assert graph.totals() == totals | {HOME: (1501, 1499)}
