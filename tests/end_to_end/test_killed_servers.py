"""Servers killed -9 in the midst of an ingest that rewrites, adds and removes: it ends by itself, and all is as without."""

from __future__ import annotations

import random
import time

import pytest

from janus_lab import open_lab
from tests.end_to_end.edited_reports import (
    assert_like_undisturbed,
    ingest_first,
    under_way,
    undisturbed,
    write_second,
)

SERVERS = (
    "postgresql_server",
    "rabbitmq_server",
    "redis_stack_server",
    "minio_server",
    "neo4j_server",
    "qdrant_server",
)
AFTER_CHUNKS = (1, 97)
"""When they are killed, of 232 chunks; a moment later, drawn by chance, as chunks are told in batches."""

pytestmark = [pytest.mark.fault, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def clean(tmp_path_factory):
    return undisturbed(tmp_path_factory.mktemp("clean") / "project")


@pytest.fixture
def servers(request):
    """Those that a test names, or all of them."""
    return [request.getfixturevalue(name) for name in getattr(request, "param", SERVERS)]


@pytest.fixture
def host(new_host, lab):
    return new_host("one").start()


@pytest.fixture
def dice(request):
    """The same throws for a test at every run."""
    return random.Random(request.node.name)


@pytest.fixture
def lab(project, stack, neo4j_url):
    with open_lab(project / ".janus", **stack) as opened:
        yield opened


@pytest.fixture
def start(lab, project):
    """Starts the ingest that is to be disturbed."""

    def begin():
        ingest_first(lab, project)
        return lab.start_ingest(write_second(project))

    return begin


@pytest.fixture
def assert_survived(lab, clean):
    def check(handle, killed):
        run = assert_like_undisturbed(lab, handle, clean)
        assert killed
        assert killed[0] < run.finished_at, "the first kill came in the midst"

    return check


def kill_and_restart(servers, dice):
    """Kill servers at once, and start them again in any order; when they were killed."""
    time.sleep(dice.uniform(0.0, 0.4))
    at = time.time()
    for server in servers:
        server.kill()
    time.sleep(dice.uniform(0.0, 2.0))
    for server in dice.sample(servers, len(servers)):
        server.restart()
    return at


@pytest.mark.parametrize("servers", [[name] for name in SERVERS], indirect=True, ids=SERVERS)
def test_an_ingest_survives_a_server_that_dies_again(servers, dice, host, start, assert_survived):
    handle = start()
    killed = [kill_and_restart(servers, dice) for chunks in AFTER_CHUNKS if under_way(handle, chunks)]
    assert_survived(handle, killed)
    assert host.alive()


def test_an_ingest_survives_a_power_failure(servers, dice, host, start, assert_survived):
    handle = start()
    assert under_way(handle, 1)
    host.kill()
    killed = [kill_and_restart(servers, dice)]
    host.start()
    assert_survived(handle, killed)


@pytest.mark.slow
@pytest.mark.parametrize("servers", [["postgresql_server"]], indirect=True)
def test_an_ingest_goes_on_by_itself_when_its_ledger_was_away_for_long(servers, host, start, assert_survived):
    handle = start()
    assert under_way(handle, 1)
    at = time.time()
    servers[0].kill()
    time.sleep(40.0)
    servers[0].restart()
    assert_survived(handle, [at])
    assert host.alive()
