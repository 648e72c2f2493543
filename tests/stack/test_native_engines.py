"""The native start: engines answer, survive being killed, keep their port and data, and leave no process behind."""

from __future__ import annotations

import psutil
import psycopg
import pytest
from native_stack.engine import Engine
from redis import Redis


def descendants(engine: Engine) -> list[psutil.Process]:
    """Every process that belongs to the engine, its keeper among them."""
    assert engine.pid is not None
    keeper = psutil.Process(engine.pid).parent()
    assert keeper is not None
    return [keeper, *keeper.children(recursive=True)]


def test_postgresql_gives_each_test_a_database_of_its_own(postgresql_url: str) -> None:
    with psycopg.connect(postgresql_url.replace("+psycopg", "")) as connection:
        (tables,) = connection.execute(
            "SELECT count(*) FROM information_schema.tables WHERE table_schema = 'public'"
        ).fetchone() or (None,)
        (jit,) = connection.execute("SELECT current_setting('jit')").fetchone() or (None,)
    assert (tables, jit) == (0, "off")


@pytest.mark.parametrize("name", ["server_redis_url", "server_rediss_url", "server_redis_socket_url"])
def test_redis_answers_in_three_ways(name: str, request: pytest.FixtureRequest) -> None:
    with Redis.from_url(request.getfixturevalue(name)) as client:
        assert client.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}
        assert client.dbsize() == 0
        client.set("left", "behind")


@pytest.mark.fault
@pytest.mark.parametrize("name", ["postgresql_server", "redis_stack_server", "rabbitmq_server"])
def test_a_killed_engine_leaves_nothing_and_comes_back_at_the_same_url(
    name: str, request: pytest.FixtureRequest
) -> None:
    engine: Engine = request.getfixturevalue(name)
    engine.start()
    before, url = descendants(engine), engine.url
    engine.kill()
    assert not [process for process in before if process.is_running()]
    assert not engine.running()
    assert not engine.answers()
    engine.restart()
    assert engine.url == url
    assert engine.answers()
