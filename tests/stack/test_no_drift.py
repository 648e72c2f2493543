"""What compose.yaml tells a server, the native start tells it too; what it does not is listed here, with the reason."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
from engines import require
from native_stack import compose, minio, neo4j, postgresql, rabbitmq, redis
from native_stack.engine import Engine
from native_stack.kind import Kind, Launch, Site
from redis import Redis

KINDS = (postgresql, rabbitmq, redis, minio, neo4j)
ONLY_IN_CONTAINERS = {
    "image": "the native start runs the program that is installed",
    "ports": "it listens on the published port itself",
    "volumes": "its data is in its folder",
    "healthcheck": "`answers` asks what matters to a client",
    "hostname": "the node's name is set so that nothing depends on the host's",
    **dict.fromkeys(("mem_limit", "cpus", "pids_limit", "shm_size", "ulimits"), "limits of the container"),
    **dict.fromkeys(("restart", "stop_grace_period", "logging", "security_opt"), "matters of the container's keeper"),
}
"""Keys of a service that mean nothing without a container."""
READ = ("command", "environment", "configs")
"""Keys of a service that the native start carries out."""
NOT_APPLIED = {
    ("redis", "REDISCLI_AUTH"): "the password of the health check's client",
    ("redis", redis.CONFIG): "the place of the configuration in the container; its text is applied",
    ("minio", "/data"): "the place of the data in the container",
}
"""Single words and variables that are not carried out."""


class Watched(Mapping[str, str]):
    """A mapping that remembers what was asked of it."""

    def __init__(self, content: Mapping[str, str]) -> None:
        self.asked: set[str] = set()
        self._content = content

    def __getitem__(self, key: str) -> str:
        self.asked.add(key)
        return self._content[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._content)

    def __len__(self) -> int:
        return len(self._content)


@pytest.fixture(params=KINDS, ids=lambda kind: kind.SERVICE)
def kind(request) -> Kind:
    """One sort of engine that can run here."""
    require(request.param)
    return request.param


@pytest.fixture
def launched(kind: Kind, engines_folder: Path, tmp_path: Path) -> tuple[Site, Launch]:
    """How it would be started, with everything watched that compose.yaml says."""
    values = compose.fresh_passwords()
    written = compose.service(kind.SERVICE, values)
    watched = replace(written, environment=Watched(written.environment), configs=Watched(written.configs))
    folder = engines_folder / tmp_path.name
    folder.mkdir()
    site = Site(folder, 20_001, tuple(range(20_002, 20_002 + kind.SPARE_PORTS)), values, watched)
    launch = kind.launch(site)
    launch = replace(launch, environment=dict(**launch.environment))
    kind.url(site)
    return site, launch


def test_every_key_of_a_service_is_known(kind: Kind, document) -> None:
    assert set(document["services"][kind.SERVICE]) <= {*READ, *ONLY_IN_CONTAINERS}


def test_every_variable_and_every_file_is_used(kind: Kind, launched: tuple[Site, Launch]) -> None:
    site, _ = launched
    for watched in (site.service.environment, site.service.configs):
        assert isinstance(watched, Watched)
        unused = {name for name in watched if name not in watched.asked}
        assert unused == {name for service, name in NOT_APPLIED if service == kind.SERVICE and name in unused}


def test_every_configuration_is_in_a_file_of_the_engine(launched: tuple[Site, Launch]) -> None:
    site, _ = launched
    files = [path for path in site.folder.iterdir() if path.is_file()]
    texts = [path.read_text(encoding="utf-8") for path in files]
    assert [name for name, text in site.service.configs.items() if not any(text in one for one in texts)] == []


def test_every_word_of_the_command_is_given_to_the_program(kind: Kind, launched: tuple[Site, Launch]) -> None:
    site, launch = launched
    given = {*launch.command, Path(launch.command[0]).name}
    lacking = {word for word in site.service.command if word not in given}
    assert lacking == {word for word in lacking if (kind.SERVICE, word) in NOT_APPLIED}


def test_no_secret_is_among_the_arguments(launched: tuple[Site, Launch]) -> None:
    site, launch = launched
    assert not [word for word in launch.command if any(secret in word for secret in site.values.values())]
    assert not any(secret in repr(launch) + repr(site) for secret in site.values.values())


def test_the_exceptions_still_stand_in_compose() -> None:
    values = compose.fresh_passwords()
    for service, name in NOT_APPLIED:
        written = compose.service(service, values)
        assert name in {*written.environment, *written.configs, *written.command}


def test_postgresql_has_every_option(postgresql_server: Engine) -> None:
    postgresql_server.start()
    options = dict(word.split("=", 1) for word in postgresql_server.site.service.command if "=" in word)
    assert len(options) > 5
    with psycopg.connect(postgresql_server.url.replace("+psycopg", "")) as connection:
        told = {
            name: connection.execute("SELECT current_setting(%s)", [name]).fetchone()[0]
            for name in (*options, "data_checksums", "password_encryption", "server_encoding")
        }
    assert told == {
        **options,
        "timezone": "UTC",
        "data_checksums": "on",
        "password_encryption": "scram-sha-256",
        "server_encoding": "UTF8",
    } | {"wal_compression": told["wal_compression"]}
    # "on" is shown as the method it stands for.
    assert told["wal_compression"] in {"on", "pglz"}


def test_redis_has_every_line(redis_stack_server: Engine) -> None:
    redis_stack_server.start()
    lines = redis_stack_server.site.service.configs[redis.CONFIG].splitlines()
    with Redis.from_url(redis_stack_server.url, decode_responses=True) as client:
        for name, value in (line.split(" ", 1) for line in lines):
            expected = str(int(value[:-2]) << 20) if value.endswith("mb") else value.strip('"')
            assert client.config_get(name) == {name: expected}


def test_rabbitmq_has_its_limits_and_one_user(rabbitmq_server: Engine) -> None:
    rabbitmq_server.start()
    site = rabbitmq_server.site
    user = (site.service.environment["RABBITMQ_DEFAULT_USER"], site.service.environment["RABBITMQ_DEFAULT_PASS"])
    lines = site.service.configs[rabbitmq.CONFIG].splitlines()
    told = dict(line.split(" = ", 1) for line in lines if not line.startswith("#"))
    with httpx.Client(base_url=rabbitmq.console_url(site), auth=user, timeout=60) as console:
        assert [one["name"] for one in console.get("/api/users").raise_for_status().json()] == ["janus"]
        assert console.get("/api/whoami", auth=("guest", "guest")).status_code == 401
        node = first_figures(console)
    assert node["disk_free_limit"] == int(told["disk_free_limit.absolute"].removesuffix("GB")) * 10**9
    assert node["mem_limit"] == int(told["vm_memory_high_watermark.absolute"].removesuffix("MB")) * 10**6


def first_figures(console: httpx.Client) -> dict[str, Any]:
    """What the node says of itself; a young one takes some seconds."""
    deadline = time.monotonic() + 90
    while time.monotonic() < deadline:
        (node,) = console.get("/api/nodes").raise_for_status().json()
        if "disk_free_limit" in node:
            return node
        time.sleep(0.2)
    pytest.fail("the broker told no figures of itself")
