"""One ingest by several workers of a full stack, while workers come and die. Killed servers: `test_killed_servers.py`."""

from __future__ import annotations

import pytest
from waiting import until

from janus_lab import open_lab
from janus_lab.adapters.engine_room.workers import ready_workers
from janus_lab.values.event import EventKind
from janus_lab.values.ingest import IngestReport
from janus_lab.values.run import RunKind, RunState
from tests.end_to_end.conftest import write_reports
from tests.end_to_end.hosts import host_of
from tests.end_to_end.journeys import CLEAN, contents

FILES = 256
BEGUN_CHUNKS = 1

pytestmark = [pytest.mark.fault, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def clean(tmp_path_factory):
    """What an undisturbed ingest of the same files leaves on the embedded stores."""
    project = tmp_path_factory.mktemp("clean") / "project"
    (project / ".janus").mkdir(parents=True)
    write_reports(project / "reports", FILES, sentences=5)
    with open_lab(project / ".janus", inline=True) as lab:
        lab.ingest(project / "reports")
        return contents(lab)


@pytest.fixture
def lab(project, stack):
    write_reports(project / "reports", FILES, sentences=5)
    with open_lab(project / ".janus", **stack) as opened:
        yield opened


@pytest.fixture
def begin(lab, project):
    """Starts the ingest and returns when it is under way."""

    def start():
        handle = lab.start_ingest(project / "reports")
        for event in handle.events():
            if event.kind is EventKind.PROGRESS and event.data["chunks_done"] >= BEGUN_CHUNKS:
                return handle
        return pytest.fail("the ingest was over before it could be disturbed")

    return start


def at_work(host):
    _, workers = ready_workers(host.redis_url)
    return any(worker.pid == host.pid and worker.runs for worker in workers)


def assert_like_clean(lab, handle, clean):
    report = handle.wait(IngestReport)
    assert (report.added, report.failed, report.documents) == (FILES, 0, FILES)
    assert contents(lab) == clean
    assert clean["agreement"] == CLEAN
    (run,) = lab.runs(kinds=[RunKind.INGEST])
    shares = lab._ledger.find(parent=run.id, limit=100)
    assert len(shares) > 2
    assert {share.state for share in shares} == {RunState.DONE}
    assert sum(share.result["documents"] for share in shares) == FILES
    assert lab.ingest(*run.request["sources"]).unchanged == FILES


@pytest.mark.parametrize("has_the_run", [True, False], ids=["that-has-the-run", "that-helps"])
def test_an_ingest_survives_the_death_of_the_worker(has_the_run, lab, begin, new_host, clean):
    hosts = [new_host("one").start(wait=False), new_host("two").start()]
    hosts[0].wait_until_ready()
    handle = begin()
    holder, others = host_of(hosts, handle.id)
    victim = holder if has_the_run else others[0]
    until(lambda: at_work(victim) or handle.run().state.final, "the victim to be at work")
    assert not handle.run().state.final, "it was over before it could be disturbed"
    victim.kill()
    assert_like_clean(lab, handle, clean)


def test_a_worker_that_joins_in_the_midst_takes_part(lab, begin, new_host, clean):
    new_host("one").start()
    handle = begin()
    new_host("two").start()
    assert_like_clean(lab, handle, clean)


def test_an_ingest_is_finished_by_the_first_worker_that_comes_back(lab, begin, new_host, clean):
    hosts = [new_host("one").start(wait=False), new_host("two").start()]
    hosts[0].wait_until_ready()
    handle = begin()
    for host in hosts:
        host.kill()
    hosts[1].start()
    assert_like_clean(lab, handle, clean)
