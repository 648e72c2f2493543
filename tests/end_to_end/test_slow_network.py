"""A network on which every piece takes its time, between a lab and all of its servers: the same work, only slower."""

from __future__ import annotations

import pytest

from janus_lab import open_lab
from tests.end_to_end.conftest import contents, write_reports

DELAY_SECONDS = 0.02
FILES = 4

pytestmark = [pytest.mark.fault, pytest.mark.timeout(600)]


@pytest.fixture
def stack(stack, neo4j_url, proxied):
    """The servers, each behind a door of its own."""
    urls = {**stack, "graph_url": neo4j_url}
    proxies = {name: proxied(url) for name, url in urls.items() if name != "profile"}
    for proxy in proxies.values():
        proxy.delay(DELAY_SECONDS)
    return {**urls, **{name: proxy.url for name, proxy in proxies.items()}}


def found(lab):
    """What the lab holds, and how it ranks that."""
    return contents(lab), [hit.chunk.id for hit in lab.search("the old pump").hits]


def test_all_works_when_every_server_is_far_away(project, tmp_path, stack, new_host):
    near = tmp_path / "near"
    write_reports(near / "reports", FILES, sentences=5)
    with open_lab(near / ".janus", inline=True) as lab:
        lab.ingest(near / "reports")
        expected = found(lab)
    write_reports(project / "reports", FILES, sentences=5)
    new_host("far").start()
    with open_lab(project / ".janus", **stack) as lab:
        assert lab.ingest(project / "reports").added == FILES
        assert found(lab) == expected
        assert lab.ask("When did the old pump fail?").text
        lab.remove(lab.documents()[0].id)
        assert len(lab.documents()) == FILES - 1
