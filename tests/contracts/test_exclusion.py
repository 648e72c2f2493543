"""What every exclusion does."""

from __future__ import annotations

import random
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from janus_lab.adapters.exclusion.threads import open_exclusion as open_threads
from janus_lab.adapters.relational.exclusion import open_exclusion

ROWS = [
    ("threads", lambda _request: open_threads("sqlite:///janus.db")),
    ("postgresql", lambda request: open_exclusion(request.getfixturevalue("ready_postgresql_url"))),
]


@pytest.fixture(params=[row[1] for row in ROWS], ids=[row[0] for row in ROWS])
def exclusion(request):
    with request.param(request) as opened:
        yield opened


def test_each_name_has_one_holder_at_a_time_and_nobody_waits_for_ever(exclusion):
    held: dict[str, int] = {}
    crowded = []

    def work(seed: int) -> None:
        choose = random.Random(seed)
        for _ in range(15):
            names = choose.sample("abcdef", k=choose.randint(1, 4))
            with exclusion.hold(names):
                crowded.extend(name for name in names if held.setdefault(name, seed) != seed)
                time.sleep(0.001)
                for name in names:
                    del held[name]

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(8)))
    assert crowded == []


def test_other_names_need_not_wait(exclusion):
    entered = threading.Event()

    def other() -> None:
        with exclusion.hold(["b", "b", "\ud800 \0 ü"]):
            entered.set()

    with exclusion.hold(["a"]):
        thread = threading.Thread(target=other)
        thread.start()
        assert entered.wait(60)
        thread.join()


def test_no_name_waits_for_nothing(exclusion):
    with exclusion.hold(["a"]), ThreadPoolExecutor(1) as pool:
        pool.submit(lambda: exclusion.hold([]).__enter__()).result(60)


def test_a_name_is_free_again_after_an_error_which_comes_out_as_it_is(exclusion):
    error = OSError(28, "of the caller's own")
    with pytest.raises(OSError, match="of the caller's own") as caught, exclusion.hold(["a"]):
        raise error
    assert caught.value is error
    with ThreadPoolExecutor(1) as pool:
        pool.submit(_hold_once, exclusion).result(60)


def _hold_once(exclusion) -> None:
    with exclusion.hold(["a"]):
        pass
