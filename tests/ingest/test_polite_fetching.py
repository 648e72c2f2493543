"""Whoever fetches from one host does so at one rate together: a real server notes when it was asked."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from janus_lab.adapters.throttle.memory import MemoryThrottle
from janus_lab.adapters.throttle.redis import open_throttle
from janus_lab.compose.ingesting import ingest_options
from janus_lab.errors import RunCancelled
from janus_lab.ingest.fetch import fetch
from janus_lab.scheduler.throttle import Turns
from janus_lab.settings import load_settings
from janus_lab.values.rate import Rate
from janus_lab.values.request import IngestRequest
from janus_lab.values.run import RunKind

RATE = Rate(8.0, burst=2)
CLOCKS_SECONDS = 0.05
"""So much the server's clock and ours may differ over a second."""


class Pages(ThreadingHTTPServer):
    """A site whose pages say their own names."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Page)
        self.asked: list[float] = []

    def url(self, page: str) -> str:
        return f"http://127.0.0.1:{self.server_port}/{page}"


class Page(BaseHTTPRequestHandler):
    server: Pages

    def do_GET(self) -> None:
        self.server.asked.append(time.monotonic())
        text = f"This page is called {self.path}.".encode()
        self.send_response(200)
        self.send_header("content-type", "text/plain")
        self.send_header("content-length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - a name of http.server
        pass


@pytest.fixture
def site() -> Iterator[Pages]:
    with Pages() as opened:
        thread = threading.Thread(target=opened.serve_forever)
        thread.start()
        yield opened
        opened.shutdown()
        thread.join()


def assert_polite(asked: Iterable[float], *, since: float, rate: Rate) -> None:
    """No page was asked for sooner than the rate allows from the first question for a turn on."""
    for number, at in enumerate(sorted(asked), 1):
        assert at - since >= (number - rate.burst) / rate.per_second - CLOCKS_SECONDS


def test_an_ingest_and_another_worker_ask_a_host_no_oftener_than_the_rate_says(room, site, redis_url):
    with open_throttle(redis_url) as ours, open_throttle(redis_url) as others:
        first: list[float] = []

        def counted(turns: Turns) -> Callable[[str], None]:
            def wait(name: str) -> None:
                first.append(time.monotonic())
                turns.wait(name)

            return wait

        room.options["fetch"] = partial(fetch, turn=counted(Turns(ours, RATE, "fetch")))

        def another() -> None:
            for number in range(6):
                fetch(site.url(f"other-{number}"), 1000, turn=counted(Turns(others, RATE, "fetch")))

        thread = threading.Thread(target=another)
        thread.start()
        report = room.ingest(*(site.url(f"page-{number}") for number in range(6)), urls=True)
        thread.join()
    assert report.added == 6
    assert len(site.asked) == 12
    assert_polite(site.asked, since=min(first), rate=RATE)


def test_the_setting_says_how_often(site, tmp_path, redis_url):
    with open_throttle(redis_url) as throttle:
        options = ingest_options(load_settings(tmp_path, environment={}, fetch_per_second=4), throttle)
        began = time.monotonic()
        for number in range(7):
            options.fetch(site.url(str(number)), 1000)
    assert_polite(site.asked, since=began, rate=Rate(4, 4))


def test_no_limit_is_a_limit_too(site, tmp_path, redis_url):
    with open_throttle(redis_url) as throttle:
        options = ingest_options(load_settings(tmp_path, environment={}, fetch_per_second="inf"), throttle)
        for number in range(40):
            options.fetch(site.url(str(number)), 1000)
    assert len(site.asked) == 40


def test_a_cancelled_ingest_does_not_wait_for_its_turn(room, site):
    throttle = MemoryThrottle()
    room.options["fetch"] = partial(fetch, turn=Turns(throttle, Rate(0.001), "fetch").wait)
    request = IngestRequest((site.url("first"), site.url("second")), "default", urls=True)
    began = time.monotonic()
    with pytest.raises(RunCancelled):
        room.service().execute(room.context(room.new_run(RunKind.INGEST, request), cancelled=lambda: bool(site.asked)))
    assert len(site.asked) == 1
    assert time.monotonic() - began < 120
