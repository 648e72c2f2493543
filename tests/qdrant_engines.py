"""A Qdrant server for tests: the one at JANUS_TEST_QDRANT_URL where that is set, and a stand-in that says so.

`qdrant_url` is what most tests want: the real server if there is one, else the stand-in; what one test keeps there no other
sees. A real server can't be killed or made to fail from here: such tests ask for `qdrant_stand_in`.
"""

from __future__ import annotations

import os
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from urllib.parse import quote, urlsplit

import httpx
import pytest
from engines import server
from native_stack.engine import Engine
from qdrant_stand_in import kind
from qdrant_stand_in.faults import Faults, set_faults

# Read now: the session's home is nobody's, without any setting of Janus.
REAL = os.environ.get("JANUS_TEST_QDRANT_URL", "")
NO_SERVER = "no Qdrant server: set JANUS_TEST_QDRANT_URL=qdrant://:KEY@host:6333 to run this on a real one"

qdrant_stand_in = server("qdrant_stand_in", kind)


@pytest.fixture
def qdrant_stand_in_url(qdrant_stand_in: Engine) -> Iterator[str]:
    """The stand-in, with names of this test's own and without faults."""
    qdrant_stand_in.start()
    with names_of_its_own(qdrant_stand_in.url) as url:
        yield url
        set_faults(kind.data_folder(qdrant_stand_in.folder), Faults())
        qdrant_stand_in.start()


@pytest.fixture
def qdrant_real_url() -> Iterator[str]:
    """The server at JANUS_TEST_QDRANT_URL, with names of this test's own."""
    if not REAL:
        pytest.skip(NO_SERVER)
    with names_of_its_own(REAL) as url:
        yield url


@pytest.fixture
def qdrant_url(request: pytest.FixtureRequest) -> str:
    """A Qdrant server that holds nothing of another test: a real one where there is one."""
    return str(request.getfixturevalue("qdrant_real_url" if REAL else "qdrant_stand_in_url"))


@pytest.fixture
def qdrant_server(request: pytest.FixtureRequest) -> Engine:
    """A server that can be killed: always the stand-in."""
    return request.getfixturevalue("qdrant_stand_in")


@pytest.fixture
def qdrant_faults(qdrant_stand_in: Engine) -> Iterator[Callable[[Faults], None]]:
    """Switches the stand-in's faults."""
    folder = kind.data_folder(qdrant_stand_in.folder)
    yield lambda faults: set_faults(folder, faults)
    set_faults(folder, Faults())


@contextmanager
def names_of_its_own(url: str) -> Iterator[str]:
    """`url` with a prefix that nobody else uses; what was kept under it goes afterwards."""
    prefix = f"test-{uuid.uuid4().hex[:12]}"
    yield f"{url}{'&' if '?' in url else '?'}prefix={prefix}"
    with rest(url) as client:
        for found in client.get("/collections").raise_for_status().json()["result"]["collections"]:
            if found["name"].startswith(prefix):
                client.delete(f"/collections/{quote(found['name'])}").raise_for_status()


def rest(url: str) -> httpx.Client:
    """A plain client of the server at a URL of ours."""
    parts = urlsplit(url)
    tls = "tls=on" in parts.query or (parts.hostname not in {"127.0.0.1", "localhost"} and "tls=off" not in parts.query)
    headers = {"api-key": parts.password} if parts.password else {}
    return httpx.Client(
        base_url=f"http{'s' * tls}://{parts.hostname}:{parts.port or 6333}", headers=headers, timeout=30
    )
