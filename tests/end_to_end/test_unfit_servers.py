"""Servers that refuse the password or are too old: the user is told which, and what to do in which file, and no secret."""

from __future__ import annotations

import json
import os
from urllib.parse import urlsplit

import pytest
from qdrant_stand_in.faults import Faults
from waiting import until

from janus_lab import open_lab
from janus_lab.adapters.engine_room.inspect import inspect
from janus_lab.cli import main
from janus_lab.compose.worker import open_worker
from janus_lab.errors import AccessDenied, EngineTooOld, RunFailed
from janus_lab.settings import load_settings
from janus_lab.values.ingest import IngestReport
from janus_lab.values.run import RunKind
from tests.end_to_end.conftest import write_reports
from tests.end_to_end.edited_reports import fill_graph

WRONG = "wr0ng-secret"
SERVERS = ("relational_url", "redis_url", "broker_url", "objects_url", "vectors_url")
TOO_OLD = {
    "relational_url": ("janus_lab.adapters.relational.postgresql.OLDEST", 990000),
    "redis_url": ("janus_lab.adapters.redis.client.OLDEST", {"redis": (99, 0), "valkey": (99, 0)}),
    "broker_url": ("janus_lab.adapters.amqp_client.OLDEST", (99, 0)),
    "graph_url": ("janus_lab.adapters.graph.neo4j_server.OLDEST", (99, 0)),
}

pytestmark = [pytest.mark.fault, pytest.mark.timeout(600)]


def with_password(url: str, password: str) -> str:
    return url.replace(f":{urlsplit(url).password}@", f":{password}@")


@pytest.fixture
def use(project, stack, monkeypatch):
    """Writes the project's settings: servers, one of them perhaps by another URL."""
    monkeypatch.chdir(project)

    def write(**changed: str) -> dict[str, str]:
        urls = {name: url for name, url in {**stack, **changed}.items() if name != "profile"}
        lines = ['profile = "stack"', "[profiles.stack]", *(f'{name} = "{url}"' for name, url in urls.items())]
        (project / "janus.toml").write_text("\n".join(lines), encoding="utf-8")
        return urls

    return write


@pytest.fixture
def janus(capsys):
    """Runs the command; its exit status, and what it printed on both streams."""

    def run(*words: str) -> tuple[int, str, str]:
        status = main(list(words))
        printed = capsys.readouterr()
        return status, printed.out, printed.err

    return run


def doctored(janus):
    """What the doctor finds wrong, in its words."""
    status, out, _ = janus("doctor", "--json")
    assert status == 1
    return "\n".join(f"{c['detail']}\n{c['remedy']}" for c in json.loads(out)["checks"] if c["verdict"] == "failed")


@pytest.mark.parametrize("setting", SERVERS)
def test_a_wrong_password_is_told_by_every_face(setting, project, use, stack, janus):
    right = urlsplit(stack[setting]).password
    use(**{setting: with_password(stack[setting], WRONG)})
    write_reports(project / "reports", 1)
    told = doctored(janus)
    with pytest.raises(AccessDenied) as caught, open_worker(load_settings()):
        pass
    assert setting in caught.value.remedy
    assert ".env" in caught.value.remedy
    assert caught.value.remedy in told
    if setting == "vectors_url":
        # Only workers open it: who waits for one is told why none is ready.
        assert janus("up")[0] == 0
        until(lambda: inspect(project / ".janus").failure)
    status, out, err = janus("ingest", "reports")
    janus("down")
    assert (status, out) == (1, "")
    assert caught.value.message in err
    if setting != "vectors_url":
        assert err.splitlines()[-2:] == caught.value.lines()
    for text in (told, *caught.value.lines(), err):
        assert WRONG not in text
        assert right not in text


def test_a_graph_that_refuses_the_password_fails_only_what_needs_it(project, neo4j_url, use, janus):
    use()
    reports = write_reports(project / "reports", 3)
    with open_lab(inline=True) as lab:
        lab.ingest(reports)
        fill_graph(lab)
    use(graph_url=with_password(neo4j_url, WRONG))
    (reports / "report-0001.txt").write_text("It was written anew.", encoding="utf-8")
    with open_lab(inline=True) as lab:
        with pytest.raises(RunFailed, match="access-denied") as caught:
            lab.ingest(reports)
        assert "graph_url" in caught.value.remedy
        assert ".env" in caught.value.remedy
        assert WRONG not in "".join(caught.value.lines())
        failed = lab.runs(kinds=[RunKind.INGEST])[0].id
        assert lab.search("emu", limit=1).hits
    use()
    with open_lab(inline=True) as lab:
        assert lab.retry(failed).wait(IngestReport).changed == 1
        left = {one.name for one in lab.graph.iterate("default") if hasattr(one, "name")}
        assert left == {"0", "2", "reports/report-0000.txt", "reports/report-0002.txt"}


@pytest.mark.parametrize("setting", TOO_OLD)
@pytest.mark.usefixtures("neo4j_url")
def test_a_server_that_is_too_old_is_told_with_the_version_it_should_have(setting, project, use, janus, monkeypatch):
    use()
    place, oldest = TOO_OLD[setting]
    monkeypatch.setattr(place, oldest)
    told = doctored(janus)
    assert "99" in told
    if setting != "graph_url":
        with pytest.raises(EngineTooOld) as caught, open_worker(load_settings()):
            pass
        assert caught.value.remedy in told
        write_reports(project / "reports", 1)
        status, _, err = janus("ingest", "reports")
        assert (status, err.splitlines()[-2:]) == (1, caught.value.lines())


def test_a_vector_store_that_is_too_old_is_told(use, janus, qdrant_faults):
    if "JANUS_TEST_QDRANT_URL" in os.environ:
        pytest.skip("a real server does not say that it is older than it is")
    use()
    qdrant_faults(Faults(version="1.11.3"))
    told = doctored(janus)
    assert "1.11.3" in told
    with pytest.raises(EngineTooOld) as caught, open_worker(load_settings()):
        pass
    assert caught.value.remedy in told
