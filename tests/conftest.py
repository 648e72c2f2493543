"""What every test shares: a home that is nobody's, the sample corpus, and the rule about missing engines."""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings
from IPython.core.interactiveshell import InteractiveShell
from redis import Redis

from janus_lab.adapters.engine_room.paths import socket_path
from janus_lab.adapters.engine_room.server import server_url, start_server, wait_for_server

ROOT = Path(__file__).parents[1]
pytest_plugins = ["engines", "proxies", "qdrant_engines", "redis_versions", "nvml_stub", "hub_stand_in"]

# How long an example takes says something about the machine, and nothing about what it tests.
hypothesis_settings.register_profile(
    "any machine", hypothesis_settings(), deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
hypothesis_settings.load_profile("any machine")

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # A shell starts what runs in its background deaf to interrupts, and our child processes would inherit that.
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session", autouse=True)
def nobodys_home(tmp_path_factory: pytest.TempPathFactory, pytestconfig: pytest.Config) -> Iterator[Path]:
    """A home folder for the session, so that no test reads or writes what belongs to the person who runs it.

    Prepared models are kept between sessions in pytest's cache: making them takes seconds and depends on nothing of the user's.
    """
    real = Path.home()
    home = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        for name in list(os.environ):
            if name.startswith(("JANUS_", "XDG_", "JUPYTER_", "IPYTHON")):
                patch.delenv(name)
        # These name caches of tools that tests call; without them a changed HOME would fetch everything again.
        patch.setenv("UV_CACHE_DIR", os.environ.get("UV_CACHE_DIR", str(real / ".cache" / "uv")))
        patch.setenv("HOME", str(home))
        patch.setenv("JANUS_MODEL_CACHE", str(pytestconfig.cache.mkdir("janus-models")))
        yield home


@pytest.fixture
def shell() -> Iterator[InteractiveShell]:
    """The shell of this process, as a kernel has one; gone after the test, for a process of tests has none."""
    yield InteractiveShell.instance()
    InteractiveShell.clear_instance()


@pytest.fixture(scope="session")
def samples() -> Path:
    """The folder `samples/`, with `corpus/` and `questions.jsonl`."""
    return ROOT / "samples"


@pytest.fixture(scope="session")
def needed() -> Callable[..., str]:
    """Finds a program by any of its names; where it is missing, skips at home and fails under CI=true."""

    def find(*names: str) -> str:
        for name in names:
            if path := shutil.which(name):
                return path
        message = f"{names[0]} is not installed"
        if os.environ.get("CI") == "true":
            pytest.fail(message)
        pytest.skip(message)

    return find


@pytest.fixture(scope="session")
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a real server, started for this session; not emptied between tests."""
    folder = tmp_path_factory.mktemp("server")
    socket, log = socket_path(folder), folder / "server.log"
    process = start_server(directory=folder, socket=socket, log=log)
    try:
        wait_for_server(process, socket, log, wait_seconds=30)
        yield server_url(socket, "janus-tests")
    finally:
        process.terminate()
        process.wait(30)


@pytest.fixture
def redis_url(redis_server: str) -> str:
    """The URL of a real and empty server."""
    with Redis.from_url(redis_server) as client:
        client.flushall()
    return redis_server
