"""The native start: engines answer, listen on loopback alone, survive being killed, and leave no process behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pika
import psutil
import psycopg
import pytest
from engines import require
from native_stack import compose, keeper, postgresql, rabbitmq, redis
from native_stack.engine import Engine
from native_stack.kind import NotStarted
from redis import Redis

SERVERS = ["postgresql_server", "redis_stack_server", "rabbitmq_server", "minio_server", "neo4j_server"]
LOOPBACK = {"127.0.0.1", "::1", "::ffff:127.0.0.1"}
SCRIPTS = Path(postgresql.__file__).parents[1]


@pytest.fixture(params=SERVERS)
def engine(request: pytest.FixtureRequest) -> Engine:
    """Each engine, running."""
    found: Engine = request.getfixturevalue(request.param)
    found.start()
    return found


def everything(folder: Path) -> list[psutil.Process]:
    """Every process that belongs to the engine in a folder, its keeper among them."""
    found = keeper.keeping(folder)
    assert found is not None
    return [found, *found.children(recursive=True)]


def gone(processes: list[psutil.Process], seconds: float = 90.0) -> bool:
    """Whether all of them have ended within so long."""
    _, alive = psutil.wait_procs(processes, timeout=seconds)
    return not alive


def told(processes: list[psutil.Process], ask: Callable[[psutil.Process], list[Any]]) -> Iterator[Any]:
    """What each says of itself; engines have helpers that come and go."""
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            yield from ask(process)


def test_nothing_listens_but_on_loopback(engine: Engine) -> None:
    connections = told(everything(engine.folder), lambda process: process.net_connections(kind="inet"))
    listening = [connection.laddr for connection in connections if connection.status == psutil.CONN_LISTEN]
    assert engine.port in {address.port for address in listening}
    assert {address.ip for address in listening} <= LOOPBACK


def test_no_process_shows_a_secret_in_its_arguments(engine: Engine) -> None:
    words = list(told(everything(engine.folder), psutil.Process.cmdline))
    assert not [word for word in words if any(secret in word for secret in engine.site.values.values())]
    assert not any(secret in engine.log.read_text(errors="replace") for secret in engine.site.values.values())


@pytest.mark.fault
@pytest.mark.parametrize("engine", ["postgresql_server", "redis_stack_server", "rabbitmq_server"], indirect=True)
def test_a_killed_engine_leaves_nothing_and_comes_back_at_the_same_url(engine: Engine) -> None:
    before, url = everything(engine.folder), engine.url
    engine.kill()
    assert gone(before, 0)
    assert not engine.running()
    assert not engine.answers()
    engine.restart()
    assert engine.url == url
    assert engine.answers()


def test_postgresql_gives_each_test_a_database_of_its_own(postgresql_url: str) -> None:
    with psycopg.connect(postgresql_url.replace("+psycopg", "")) as connection:
        connection.execute("CREATE TABLE left_behind ()")
        (tables,) = connection.execute(
            "SELECT count(*) FROM information_schema.tables WHERE table_schema = 'public'"
        ).fetchone() or (None,)
    assert tables == 1


@pytest.mark.parametrize("_twice", range(2))
def test_rabbitmq_gives_each_test_a_virtual_host_of_its_own(rabbitmq_url: str, _twice: int) -> None:
    with pika.BlockingConnection(pika.URLParameters(rabbitmq_url)) as connection:
        channel = connection.channel()
        assert channel.queue_declare("left-behind", durable=True).method.message_count == 0
        channel.basic_publish("", "left-behind", b"1")


@pytest.mark.parametrize("name", ["server_redis_url", "server_rediss_url", "server_redis_socket_url"])
def test_redis_answers_in_three_ways(name: str, request: pytest.FixtureRequest) -> None:
    with Redis.from_url(request.getfixturevalue(name)) as client:
        assert client.dbsize() == 0
        client.set("left", "behind")


@pytest.mark.fault
@pytest.mark.parametrize("kind", [postgresql, rabbitmq], ids=lambda kind: kind.SERVICE)
def test_an_engine_ends_with_the_process_that_started_it(kind, engines_folder: Path, tmp_path: Path) -> None:
    require(kind)
    folder = engines_folder / tmp_path.name
    code = f"""
        import sys, time
        from pathlib import Path
        from native_stack import {kind.__name__.rpartition(".")[2]} as kind
        from native_stack.engine import Engine
        Engine(kind, Path(sys.argv[1])).start()
        print("started", flush=True)
        time.sleep(600)
    """
    owner = subprocess.Popen(
        [sys.executable, "-P", "-c", textwrap.dedent(code), str(folder)],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(SCRIPTS)},
    )
    assert owner.stdout is not None
    with owner.stdout:
        assert owner.stdout.readline() == b"started\n"
        belonging = everything(folder)
        owner.kill()
        owner.wait(60)
    assert gone(belonging)


@pytest.mark.fault
def test_an_engine_ends_with_its_keeper(engines_folder: Path, tmp_path: Path) -> None:
    require(redis)
    with Engine(redis, engines_folder / tmp_path.name) as engine:
        found, *rest = everything(engine.folder)
        os.kill(found.pid, signal.SIGKILL)
        assert gone(rest)
        engine.start()
        assert engine.answers()


def test_data_and_passwords_last_over_a_restart(engines_folder: Path, tmp_path: Path) -> None:
    require(redis)
    values = compose.fresh_passwords()
    folder = engines_folder / tmp_path.name
    with Engine(redis, folder, values=values) as engine, Redis.from_url(engine.url) as client:
        client.set("kept", "yes")
    with Engine(redis, folder, values=values) as engine, Redis.from_url(engine.url) as client:
        assert client.get("kept") == b"yes"


def test_two_starters_of_one_folder_share_one_engine(engines_folder: Path, tmp_path: Path) -> None:
    require(redis)
    folder, values = engines_folder / tmp_path.name, compose.fresh_passwords()
    with Engine(redis, folder, values=values) as first:
        second = Engine(redis, folder, values=values)
        second.start()
        assert (second.port, second.pid) == (first.port, first.pid)
        second.release()


def test_an_engine_that_ends_at_its_start_says_why(engines_folder: Path, tmp_path: Path) -> None:
    require(redis)
    folder = engines_folder / tmp_path.name
    with Engine(redis, folder) as engine:
        busy = engine.port
        begin = time.monotonic()
        with pytest.raises(NotStarted, match="in use"):
            Engine(redis, folder.with_name(f"{folder.name}-2"), port=busy).start()
        assert time.monotonic() - begin < 90, "an answer is waited for twice as long"
