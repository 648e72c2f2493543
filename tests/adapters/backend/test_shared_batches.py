"""Whoever asks gets what its rows give, whoever else asks at the same time, in batches that are no larger than they may be."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from waiting import until

from janus_lab.adapters.backend.shared_batches import SharedBatches

BUDGET = 64


class Engine:
    """Computes each row's sum and length, and remembers its batches. Rows with a 13 in them can't be computed."""

    def __init__(self, before=lambda number: None):
        self.batches = []
        self.before = before
        """Called before a batch is computed, with which one it is."""
        self.running = self.most = 0
        self._lock = threading.Lock()

    def __call__(self, rows):
        with self._lock:
            self.running += 1
            self.most = max(self.most, self.running)
            self.batches.append(rows)
            number = len(self.batches)
        self.before(number)
        with self._lock:
            self.running -= 1
        if any(13 in row for row in rows):
            raise ValueError("unlucky")
        return np.array([[sum(row), len(row)] for row in rows], np.float32)


@contextmanager
def opened(engine, threads=2):
    with ThreadPoolExecutor(threads) as pool:
        yield SharedBatches(engine, pool=pool, threads=threads, budget=BUDGET)


rows = st.lists(st.integers(0, 12), min_size=1, max_size=100)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.lists(rows, max_size=12), min_size=1, max_size=6), st.integers(1, 3))
def test_everyone_gets_their_own(asked, threads):
    engine = Engine()
    with opened(engine, threads) as batches, ThreadPoolExecutor(len(asked)) as callers:
        for own, found in zip(asked, callers.map(batches.compute, asked), strict=True):
            assert [list(map(int, each)) for each in found] == [[sum(row), len(row)] for row in own]
    assert sum(map(len, engine.batches)) == sum(map(len, asked))
    assert engine.most <= threads
    assert all(len(batch) == 1 or len(batch) * max(map(len, batch)) <= BUDGET for batch in engine.batches)


def test_helpers_go_when_there_is_nothing_to_do_and_come_again():
    for_three = threading.Barrier(3)
    engine = Engine(lambda _number: for_three.wait(60))
    with opened(engine, threads=3) as batches:
        for _ in range(3):
            batches.compute([[1] * 64] * 12)
            until(lambda: batches._helpers == 0)
    assert engine.most == 3


def test_who_comes_alone_is_computed_in_its_own_thread_at_once():
    threads = []
    with opened(lambda rows: threads.append(threading.current_thread()) or np.zeros((len(rows), 1))) as batches:
        batches.compute([[1, 2, 3]])
    assert threads == [threading.current_thread()]


def test_those_who_wait_share_the_next_batch():
    engine = Engine(lambda number: number > 1 or until(lambda: len(batches._requests) == 8))
    with opened(engine, threads=1) as batches, ThreadPoolExecutor(9) as callers:
        first = callers.submit(batches.compute, [[1] * 8])
        until(lambda: engine.batches)
        rest = list(callers.map(batches.compute, [[[number] * 8] for number in range(8)]))
        first.result()
    assert [len(batch) for batch in engine.batches] == [1, 8]
    assert [int(each[0][0]) for each in rest] == [8 * number for number in range(8)]


def test_rows_of_other_lengths_stay_apart():
    engine = Engine(lambda number: number > 1 or until(lambda: len(batches._requests) == 2))
    with opened(engine, threads=1) as batches, ThreadPoolExecutor(3) as callers:
        waiting = [callers.submit(batches.compute, [[1] * 60])]
        until(lambda: engine.batches)
        waiting += [callers.submit(batches.compute, [[1] * length]) for length in (16, 2)]
        for each in waiting:
            each.result()
    assert sorted(len(batch) for batch in engine.batches) == [1, 1, 1]


def test_a_short_question_does_not_wait_for_a_long_list():
    def before(number):
        if number == 5:
            until(lambda: len(batches._requests) == 2)
        if number == 11:
            until(lambda: "short" in ended)

    engine = Engine(before)
    ended = {}

    def ask(name, rows):
        batches.compute(rows)
        ended[name] = len(engine.batches)

    with opened(engine, threads=1) as batches, ThreadPoolExecutor(2) as callers:
        long = callers.submit(ask, "long", [[1] * 64] * 30)
        until(lambda: engine.batches)
        callers.submit(ask, "short", [[1] * 4]).result()
        long.result()
    assert ended["short"] < 12
    assert ended["long"] == 31


def test_a_long_list_is_not_put_off_forever():
    engine = Engine(lambda _number: time.sleep(0.002))
    over = threading.Event()
    with opened(engine, threads=1) as batches, ThreadPoolExecutor(5) as callers:
        came, request = [], batches._request

        def noted(rows):
            if len(rows) == 20:
                came.append(len(engine.batches))
            return request(rows)

        batches._request = noted

        def keep_asking():
            while not over.is_set():
                batches.compute([[1] * 60])

        asking = [callers.submit(keep_asking) for _ in range(4)]
        batches.compute([[1] * 64] * 20)
        over.set()
        for each in asking:
            each.result()
    of_the_list = [number for number, batch in enumerate(engine.batches) if any(len(row) == 64 for row in batch)]
    assert of_the_list[-1] - came[0] < 200


def test_only_those_fail_who_are_to_blame():
    engine = Engine(lambda number: number > 1 or until(lambda: len(batches._requests) == 2))
    with opened(engine, threads=1) as batches, ThreadPoolExecutor(4) as callers:
        first = callers.submit(batches.compute, [[1] * 8])
        until(lambda: engine.batches)
        good, bad = callers.submit(batches.compute, [[2] * 8]), callers.submit(batches.compute, [[13] * 8])
        first.result()
        assert int(good.result()[0][0]) == 16
        with pytest.raises(ValueError, match="unlucky"):
            bad.result()
    assert [len(batch) for batch in engine.batches] == [1, 2, 1, 1]


def test_what_an_interrupted_caller_had_in_hand_is_put_back():
    outcomes = iter([KeyboardInterrupt, None])

    def run(rows):
        if (outcome := next(outcomes)) is not None:
            raise outcome
        return np.array([[len(row)] for row in rows])

    with opened(run) as batches:
        other = batches._request([[1] * 8])
        batches._requests.append(other)
        with pytest.raises(KeyboardInterrupt):
            batches.compute([[2] * 8])
        assert other.waiting == [0]
        batches.compute([[2] * 8])
        assert int(other.results[0][0]) == 8
        assert not batches._requests
