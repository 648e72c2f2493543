"""What every adapter of the EventLog port keeps to. A new adapter adds a row to `OPENERS`."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest
from redis_versions import EVERY_VERSION

from janus_lab.adapters.events import memory, redis
from janus_lab.ports.events import EventLog
from janus_lab.values.event import Event, EventKind

URLS = {
    **EVERY_VERSION,
    "server redis": "server_redis_url",
    "server redis, TLS": "server_rediss_url",
    "server redis, unix socket": "server_redis_socket_url",
}
OPENERS = {"memory": memory.open_events, **dict.fromkeys(URLS, redis.open_events)}


@pytest.fixture(params=sorted(OPENERS))
def open_log(request: pytest.FixtureRequest):
    url = request.getfixturevalue(URLS[request.param]) if request.param in URLS else "memory://"
    return lambda **options: OPENERS[request.param](url, **options)


@pytest.fixture
def log(open_log) -> Iterator[EventLog]:
    with open_log() as opened:
        yield opened


def token(text: str, run_id: str = "run") -> Event:
    return Event(run_id, EventKind.TOKEN, {"text": text}, 1.5)


def texts(events: list[Event]) -> list[str]:
    return [event.data["text"] for event in events]


def test_events_come_back_as_they_were_with_their_sequence(log):
    data = {"text": "Grüße\n\x00 \U0001f98a", "count": 3, "share": 0.25, "none": None, "parts": [1, {"a": True}]}
    event = Event("run", EventKind.PROGRESS, data, 1795366353.123456)
    sequence = log.append(event)
    assert log.read("run") == [Event("run", EventKind.PROGRESS, data, 1795366353.123456, sequence)]


def test_events_are_read_in_order_after_a_position(log):
    sequences = [log.append(token(str(n))) for n in range(12)]
    assert texts(log.read("run")) == [str(n) for n in range(12)]
    assert texts(log.read("run", after=sequences[9])) == ["10", "11"]
    assert log.read("run", after=sequences[-1]) == []


def test_a_limit_reads_the_oldest_first(log):
    for n in range(5):
        log.append(token(str(n)))
    first = log.read("run", limit=2)
    assert texts(first) == ["0", "1"]
    assert texts(log.read("run", after=first[-1].sequence, limit=2)) == ["2", "3"]


def test_equal_events_are_all_kept(log):
    for _ in range(3):
        log.append(token("the"))
    assert texts(log.read("run")) == ["the"] * 3


def test_runs_do_not_see_each_other(log):
    log.append(token("one", "a"))
    log.append(token("two", "b"))
    assert texts(log.read("a")) == ["one"]
    assert texts(log.read("b")) == ["two"]
    assert log.read("c") == []


def test_the_last_event_is_the_newest(log):
    assert log.last("run") is None
    log.append(token("one"))
    sequence = log.append(token("two"))
    assert log.last("run") == Event("run", EventKind.TOKEN, {"text": "two"}, 1.5, sequence)


def test_a_waiting_reader_wakes_with_the_event(log):
    sequence = log.append(token("old"))
    timer = threading.Timer(0.1, lambda: log.append(token("new")))
    begun = time.monotonic()
    timer.start()
    assert texts(log.read("run", after=sequence, wait_seconds=120.0)) == ["new"]
    assert 0.09 < time.monotonic() - begun < 60.0
    timer.join()


def test_a_wait_for_nothing_ends_in_time(log):
    begun = time.monotonic()
    assert log.read("run", wait_seconds=0.2) == []
    assert 0.15 < time.monotonic() - begun < 60.0


def test_a_stream_is_bounded_and_keeps_the_newest(open_log):
    with open_log(max_length=200) as log:
        for n in range(1000):
            log.append(token(str(n)))
        kept = texts(log.read("run", limit=10_000))
    assert 200 <= len(kept) <= 400
    assert kept[-1] == "999"


def test_writers_in_many_threads_lose_nothing(log):
    def write(writer: int) -> None:
        for n in range(50):
            log.append(token(f"{writer}-{n}"))

    threads = [threading.Thread(target=write, args=(writer,)) for writer in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    events = log.read("run")
    assert len({event.sequence for event in events}) == 400
    for writer in range(8):
        assert [text for text in texts(events) if text.startswith(f"{writer}-")] == [f"{writer}-{n}" for n in range(50)]
