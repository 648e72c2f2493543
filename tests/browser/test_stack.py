"""The stack in real JupyterLab: switch to it, ingest, ask, query the graph, and see how it stands."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

CORPUS = Path(__file__).parents[2] / "samples" / "corpus"

SETTINGS = """\
[profiles.stack]
relational_url = "{postgresql}"
redis_url = "{redis}"
broker_url = "{rabbitmq}"
objects_url = "{minio}"
vectors_url = "{qdrant}"
graph_url = "{neo4j}"
"""


@pytest.fixture
def stack_home(tmp_path, request):
    """A data directory whose janus.toml names servers of this test's own, and one worker that serves them."""
    names = {"postgresql": "postgresql_url", "redis": "server_redis_url", "rabbitmq": "rabbitmq_url"}
    names |= {"minio": "minio_url", "qdrant": "qdrant_url", "neo4j": "neo4j_url"}
    urls = {name: request.getfixturevalue(fixture) for name, fixture in names.items()}
    (tmp_path / "janus.toml").write_text(SETTINGS.format(**urls))
    (tmp_path / "janus.toml").chmod(0o600)
    home = tmp_path / ".janus"
    command = [sys.executable, "-m", "janus_lab.cli", "--home", str(home), "--profile", "stack"]
    subprocess.run([*command, "up"], check=True, capture_output=True, env=os.environ)
    yield home
    subprocess.run([*command, "down"], check=True, capture_output=True)


def test_a_tour_of_the_stack(lab, stack_home):
    cells = [
        f"%load_ext janus_lab\n%janus use --home '{stack_home}' stack",
        f"%janus ingest '{CORPUS}'",
        "%%janus ask\nWhat was the total budget of the station for 2024?",
        "%%janus cypher\nUNWIND [1, 2] AS n\nRETURN n, '<b>bold</b>' AS word",
        "%janus queue",
        "%janus queue dead",
        "%janus status",
        "%janus runs",
        "%janus doctor",
        "%janus cypher MATCH (n RETURN n",
    ]
    lab.open(lab.server.write("stack.ipynb", cells))
    for index in range(len(cells)):
        lab.run_cell(index)
    for theme in ("JupyterLab Dark", "JupyterLab Light"):
        lab.theme(theme)
        for name, index in (("use", 0), ("graph", 3), ("queue", 4), ("status", 6), ("doctor", 8)):
            lab.cell(index).scroll_into_view_if_needed()
            lab.picture(f"stack-{name}-{theme.split()[-1].lower()}")
    while "PostgreSQL answers" not in (health := lab.tells(8, "generation model")):
        # Not that all is well: on a busy machine a server may take longer to answer than doctor waits, which says so.
        assert "repeat when the machine is less busy" in health, health
        lab.run_cell(8)
    told = ["postgresql", "added", "1,284,000 euros", "<b>bold</b>", "janus.batch", "No message is parked"]
    told += ["ready since", "ingest", "PostgreSQL answers", "the query is wrong"]
    shown = [lab.tells(index, words) for index, words in enumerate(told)]
    assert "1,284,000 euros" in lab.cell(2).locator(".janus .text").inner_text()
    lab.holds(lab.cell(3).locator(".janus table tr"), 3)
    assert lab.page.locator(".janus td b").count() == 0
    settings = (stack_home.parent / "janus.toml").read_text()
    passwords = set(re.findall(r"://[^:@\s]*:([^@\s]+)@", settings))
    assert passwords
    assert not any(password in text for password in passwords for text in shown)
