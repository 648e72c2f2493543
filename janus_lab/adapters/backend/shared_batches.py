"""Rows of several callers computed together: a batch takes in whatever waits and is about as long.

Nobody waits for company. Who comes alone computes at once, in its own thread; who comes while all threads compute is taken along
by the next batch, with the others that wait. So batches grow by themselves as more is asked for at the same time.
"""

from __future__ import annotations

import threading
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]

_LEAST_SHARE = 0.5
"""A row that is shorter than this share of a batch's longest would mostly be padding there."""


class Measured(Protocol):
    """What has a length: token ids, or a text."""

    def __len__(self) -> int: ...


Row = TypeVar("Row", bound=Measured)


@dataclass(slots=True, eq=False)
class _Request(Generic[Row]):
    """One caller's rows. `waiting` are the numbers of those that nobody computes yet, shortest first, `lengths` alongside.

    `due` orders requests: the count of batches when it came, and those that it needs. So small ones go first, and no one waits forever.
    """

    rows: Sequence[Row]
    results: list[Floats | None]
    waiting: list[int]
    lengths: list[int]
    due: float
    missing: int
    error: Exception | None = None

    def take(self, first: int, end: int) -> list[tuple[_Request[Row], int]]:
        """Take the rows at these places of `waiting`."""
        taken = [(self, number) for number in reversed(self.waiting[first:end])]
        del self.waiting[first:end], self.lengths[first:end]
        return taken


Part = tuple[_Request[Row], int]


class SharedBatches(Generic[Row]):
    """`run` computes a batch of rows to as many results; it is called in up to `threads` threads at a time.

    A batch has at most `budget` in rows times its longest row, but a longer row is one by itself. `pool`, with `threads`
    threads of its own, helps who brings more than one batch. Safe to call from several threads.
    """

    def __init__(
        self, run: Callable[[Sequence[Row]], Floats], *, pool: ThreadPoolExecutor, threads: int, budget: int
    ) -> None:
        self._compute = run
        self._pool = pool
        self._threads = threads
        self._budget = budget
        self._changed = threading.Condition()
        self._requests: list[_Request[Row]] = []
        self._busy = 0
        self._helpers = 0
        self._batches = 0

    def compute(self, rows: Sequence[Row]) -> list[Floats]:
        """One result a row, in order. Raises what `run` raises for them; rows of others in the same batch do no harm."""
        if not rows:
            return []
        request = self._request(rows)
        with self._changed:
            self._requests.append(request)
            helpers = min(self._threads, sum(request.lengths) // self._budget + 1) - 1 - self._helpers
            self._helpers += max(0, helpers)
        try:
            for _ in range(helpers):
                self._pool.submit(self._help)
            self._compute_own(request)
        finally:
            self._withdraw(request)
        if request.error is not None:
            raise request.error
        return [result for result in request.results if result is not None]

    def _request(self, rows: Sequence[Row]) -> _Request[Row]:
        order = sorted(range(len(rows)), key=lambda number: len(rows[number]))
        lengths = [len(rows[number]) for number in order]
        due = self._batches + sum(lengths) / self._budget
        return _Request(rows, [None] * len(rows), order, lengths, due, len(rows))

    def _compute_own(self, request: _Request[Row]) -> None:
        """Compute while rows of ours wait and a thread is free, and wait for what others compute of them."""
        while True:
            with self._changed:
                while request.missing > 0 and not (request.waiting and self._busy < self._threads):
                    self._changed.wait()
                if request.missing <= 0:
                    return
                batch = self._taken()
            self._run(batch)

    def _help(self) -> None:
        while True:
            with self._changed:
                while self._requests and self._busy >= self._threads:
                    self._changed.wait()
                if not self._requests:
                    self._helpers -= 1
                    return
                batch = self._taken()
            self._run(batch)

    def _taken(self) -> list[Part[Row]]:
        """The next batch: what is due first, and rows of others that fit in with it. Call it while holding the lock."""
        first = min(self._requests, key=lambda request: request.due)
        longest = max(1, first.lengths[-1])
        room = max(1, self._budget // longest)
        batch = first.take(max(0, len(first.waiting) - room), len(first.waiting))
        for other in self._requests:
            if other is first or len(batch) == room:
                continue
            end = bisect_right(other.lengths, longest)
            begin = max(bisect_left(other.lengths, longest * _LEAST_SHARE), end - (room - len(batch)))
            batch += other.take(begin, end) if begin < end else []
        self._requests = [request for request in self._requests if request.waiting]
        self._busy += 1
        self._batches += 1
        return batch

    def _run(self, batch: list[Part[Row]]) -> None:
        try:
            self._run_together(batch)
        finally:
            with self._changed:
                self._busy -= 1
                self._put_back(batch)
                self._changed.notify_all()

    def _run_together(self, batch: list[Part[Row]]) -> None:
        """Compute a batch; if it fails, each caller's rows by themselves, so that only those fail that are to blame."""
        requests = list(dict.fromkeys(request for request, _ in batch))
        try:
            results = self._compute([request.rows[number] for request, number in batch])
        except Exception as error:  # noqa: BLE001 (it is raised where the rows came from)
            if len(requests) == 1:
                self._fail(requests[0], error)
                return
            for request in requests:
                self._run_together([part for part in batch if part[0] is request])
            return
        with self._changed:
            for (request, number), result in zip(batch, results, strict=True):
                request.results[number] = result
                request.missing -= 1

    def _put_back(self, batch: list[Part[Row]]) -> None:
        """Whoever was interrupted may have had rows of others in hand."""
        for request, number in batch:
            if request.results[number] is None and request.error is None:
                place = bisect_left(request.lengths, len(request.rows[number]))
                request.waiting.insert(place, number)
                request.lengths.insert(place, len(request.rows[number]))
                if request not in self._requests:
                    self._requests.append(request)

    def _fail(self, request: _Request[Row], error: Exception) -> None:
        with self._changed:
            request.error = error
            request.missing = 0
            self._requests = [other for other in self._requests if other is not request]

    def _withdraw(self, request: _Request[Row]) -> None:
        """Of a caller that was interrupted nothing more is computed."""
        with self._changed:
            self._requests = [other for other in self._requests if other is not request]
