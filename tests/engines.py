"""Real servers for tests: each started once a session when the first test asks, on free ports of loopback, emptied per test.

`…_server` is a handle (native_stack.engine.Engine): `.url`, `.folder`, `.log`, `.kill()`, `.restart()`, `.stop()`.
`…_url` is what an adapter opens: started again if a test left it dead, and holding nothing of another test.
A missing engine skips the test at home and fails it under CI=true.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn
from urllib.parse import quote, urlsplit

import httpx
import psycopg
import pytest
from native_stack import minio, neo4j_quick, postgresql, rabbitmq, redis
from native_stack.engine import Engine, Kind
from native_stack.kind import NotInstalled
from neo4j import GraphDatabase
from redis import Redis

from janus_lab.adapters.relational.database import open_database


@pytest.fixture(scope="session")
def engines_folder() -> Iterator[Path]:
    """Where this session's servers live. Not in pytest's own folders, which PostgreSQL's user may not enter."""
    folder = Path(tempfile.mkdtemp(prefix="janus-engines-"))
    folder.chmod(0o711)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


def require(kind: Kind) -> None:
    """Go on if this engine can run here; else skip at home, and fail under CI=true."""
    if missing := kind.missing():
        unavailable(missing)


def unavailable(reason: str) -> NoReturn:
    """End the test because something of the machine's is missing: skipped at home, failed under CI=true."""
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


def server(
    name: str, kind: Kind, prepare: Callable[[Path], None] | None = None, *, folder: str = ""
) -> Callable[..., Iterator[Engine]]:
    """The session fixture `name` that runs one engine; `prepare` is given its folder before the first start.

    `folder` names it where a service has several.
    """

    @pytest.fixture(scope="session", name=name)
    def start(engines_folder: Path) -> Iterator[Engine]:
        require(kind)
        engine = Engine(kind, engines_folder / (folder or kind.SERVICE))
        try:
            if prepare is not None:
                prepare(engine.folder)
            try:
                engine.start()
            except NotInstalled as error:
                # An engine that is brought when it is first needed, and could not be.
                unavailable(str(error))
            yield engine
        finally:
            # Its folder goes as well: nothing is worth a shutdown in good order.
            engine.kill()
            engine.release()

    return start


def certificate(folder: Path) -> None:
    """A certificate of its own for 127.0.0.1, so that Redis listens with TLS as well."""
    tls = redis.tls_folder(folder)
    tls.mkdir(mode=0o700)
    subprocess.run(
        [
            *(
                "openssl",
                "req",
                "-x509",
                "-newkey",
                "ec",
                "-pkeyopt",
                "ec_paramgen_curve:P-256",
                "-nodes",
                "-days",
                "2",
            ),
            *("-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost"),
            *("-keyout", str(tls / "server.key"), "-out", str(tls / "server.crt")),
        ],
        check=True,
        capture_output=True,
    )


postgresql_server = server("postgresql_server", postgresql)
rabbitmq_server = server("rabbitmq_server", rabbitmq)
redis_stack_server = server("redis_stack_server", redis, certificate)
minio_server = server("minio_server", minio)
neo4j_server = server("neo4j_server", neo4j_quick)


@pytest.fixture(scope="session")
def hasty_postgresql_server(postgresql_server: Engine) -> Engine:
    """The server, not waiting for the disk: what it has written outlives a kill, though not a power cut."""
    with psycopg.connect(_plain(postgresql_server), autocommit=True) as connection:
        connection.execute("ALTER SYSTEM SET fsync = off")
        connection.execute("SELECT pg_reload_conf()")
    return postgresql_server


@pytest.fixture
def postgresql_url(hasty_postgresql_server: Engine) -> Iterator[str]:
    """The URL of a fresh and empty database."""
    with _fresh_database(hasty_postgresql_server, "template1") as url:
        yield url


@pytest.fixture(scope="session")
def postgresql_template(hasty_postgresql_server: Engine) -> str:
    """The name of a database that has our schema, and to which nobody connects."""
    name = f"schema_{uuid.uuid4().hex}"
    with psycopg.connect(_plain(hasty_postgresql_server), autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
    with open_database(hasty_postgresql_server.url.rpartition("/")[0] + f"/{name}"):
        return name


@pytest.fixture
def ready_postgresql_url(hasty_postgresql_server: Engine, postgresql_template: str) -> Iterator[str]:
    """The URL of a fresh database that has our schema already, for tests of anything but that."""
    with _fresh_database(hasty_postgresql_server, postgresql_template) as url:
        yield url


@contextmanager
def _fresh_database(server: Engine, template: str) -> Iterator[str]:
    server.start()
    name = f"test_{uuid.uuid4().hex}"
    with psycopg.connect(_plain(server), autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
    yield server.url.rpartition("/")[0] + f"/{name}"
    server.start()
    with psycopg.connect(_plain(server), autocommit=True) as connection:
        connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


def _plain(server: Engine) -> str:
    """Its URL as the driver takes it."""
    return server.url.replace("postgresql+psycopg://", "postgresql://")


@pytest.fixture
def rabbitmq_url(rabbitmq_server: Engine) -> Iterator[str]:
    """The URL of a fresh virtual host, without queues."""
    rabbitmq_server.start()
    name = f"test-{uuid.uuid4().hex}"
    parts = urlsplit(rabbitmq_server.url)
    assert parts.username
    assert parts.password
    with httpx.Client(
        base_url=rabbitmq.console_url(rabbitmq_server.site), auth=(parts.username, parts.password), timeout=30
    ) as console:
        console.put(f"/api/vhosts/{name}").raise_for_status()
        everything = {"configure": ".*", "write": ".*", "read": ".*"}
        console.put(f"/api/permissions/{name}/{quote(parts.username)}", json=everything).raise_for_status()
        yield rabbitmq_server.url.rpartition("/")[0] + f"/{name}"
        rabbitmq_server.start()
        console.delete(f"/api/vhosts/{name}").raise_for_status()


@pytest.fixture
def server_redis_url(redis_stack_server: Engine) -> str:
    """The URL of an empty Redis with a password, on TCP."""
    redis_stack_server.start()
    with Redis.from_url(redis_stack_server.url) as client:
        client.flushall()
    return redis_stack_server.url


@pytest.fixture
def server_rediss_url(server_redis_url: str, redis_stack_server: Engine) -> str:
    """The same empty server through TLS (`rediss://`)."""
    return redis.tls_url(redis_stack_server.site)


@pytest.fixture
def server_redis_socket_url(server_redis_url: str, redis_stack_server: Engine) -> str:
    """The same empty server through its unix socket."""
    return redis.socket_url(redis_stack_server.site)


@pytest.fixture
def minio_url(minio_server: Engine) -> str:
    """The URL of a bucket that is not there yet: whoever opens it makes it."""
    minio_server.start()
    return minio_server.url.rpartition("/")[0] + f"/test-{uuid.uuid4().hex}"


@pytest.fixture
def neo4j_url(neo4j_server: Engine) -> str:
    """The URL of a graph without nodes; constraints and indexes may be there already."""
    neo4j_server.start()
    parts = urlsplit(neo4j_server.url)
    auth = (parts.username or "", parts.password or "")
    with (
        GraphDatabase.driver(
            f"bolt://127.0.0.1:{neo4j_server.port}", auth=auth, notifications_min_severity="OFF"
        ) as driver,
        driver.session() as session,
    ):
        session.run("MATCH (n) CALL { WITH n DETACH DELETE n } IN TRANSACTIONS OF 10000 ROWS").consume()
    return neo4j_server.url
