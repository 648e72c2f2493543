"""Names held through a server: by processes that are killed, and over a connection that is lost."""

from __future__ import annotations

import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
from waiting import until

from janus_lab.adapters.relational.exclusion import open_exclusion
from janus_lab.errors import StoreUnreachable

HOLDER = """
import sys, time
from janus_lab.adapters.relational.exclusion import open_exclusion
with open_exclusion(sys.argv[1]) as exclusion, exclusion.hold(["a", "b"]):
    print("held", flush=True)
    time.sleep(600)
"""


@pytest.mark.fault
def test_a_killed_holder_lets_go_at_once(postgresql_url):
    with open_exclusion(postgresql_url) as exclusion:
        command = [sys.executable, "-c", HOLDER, postgresql_url]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as holder:
            try:
                assert holder.stdout.readline() == "held\n"
                with exclusion.hold(["c"]):
                    pass
                _kill_while_somebody_waits(exclusion, holder, postgresql_url)
            finally:
                holder.kill()


def _kill_while_somebody_waits(exclusion, holder, url: str) -> None:
    def wait() -> None:
        with exclusion.hold(["b", "z"]):
            pass

    with ThreadPoolExecutor(1) as pool:
        try:
            waiting = pool.submit(wait)
            until(lambda: _somebody_waits(url), "somebody who waits")
            assert not waiting.done()
            holder.kill()
            # A server that did not notice would keep the names until the system gives the connection up, after hours.
            waiting.result(60)
        finally:
            holder.kill()
    assert holder.wait(60) == -signal.SIGKILL


def _somebody_waits(url: str) -> bool:
    with psycopg.connect(url.replace("+psycopg", "")) as connection:
        query = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
        return connection.execute(query).fetchone() != (0,)


@pytest.mark.fault
def test_a_connection_lost_meanwhile_is_told_at_the_end_and_the_next_holder_works(postgresql_url):
    with open_exclusion(postgresql_url) as exclusion:
        with pytest.raises(StoreUnreachable) as caught, exclusion.hold(["a"]):
            _end_holders(postgresql_url)
        assert "resumed" in caught.value.remedy
        with exclusion.hold(["a"]):
            pass


@pytest.mark.fault
def test_a_server_killed_while_names_are_held(postgresql_server, postgresql_url):
    with open_exclusion(postgresql_url) as exclusion:
        with pytest.raises(StoreUnreachable), exclusion.hold(["a"]):
            _kill_and_start(postgresql_server)
        with exclusion.hold(["a"]):
            pass


def _kill_and_start(server) -> None:
    server.kill()
    server.start()


def _end_holders(url: str) -> None:
    with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND database ="
            " (SELECT oid FROM pg_database WHERE datname = current_database())"
        )
