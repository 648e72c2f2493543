"""Sources that lie with the client, brought to where every worker reads them: into the object store, under their hash."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace

from janus_lab.errors import NotFound, RunCancelled, UnreadableFile
from janus_lab.ingest.options import IngestOptions
from janus_lab.ingest.planner import plan
from janus_lab.ingest.prepare import Preparer
from janus_lab.ingest.reading import OpenSource, Recipe
from janus_lab.ingest.registry import choose_reader
from janus_lab.ingest.scanned import known_stamps, named, pending
from janus_lab.ingest.sources import Found, Scan, failure, scan
from janus_lab.ingest.stores import changed_while_read
from janus_lab.ports.documents import SourceIndex
from janus_lab.ports.objects import ObjectStore
from janus_lab.values.document import SourceStamp
from janus_lab.values.ingest import FileOutcome, IngestPlan, Progress
from janus_lab.values.request import IngestRequest, Scanned

AT_ONCE = 8
"""Files on their way at once: each holds up to 16 MB in memory."""
_AHEAD = 4 * AT_ONCE
_LOOK_AGAIN_SECONDS = 5.0
"""After so long something that was brought may have been dropped with a document of the same bytes."""

Tell = Callable[[Progress], None]


@dataclass(frozen=True, slots=True)
class Bringer:
    """Scans on the client's machine and brings what workers will read. Limits are those of every ingest.

    If the client dies on the way, nothing is left but objects that no document stands in; a check mends that.
    """

    objects: ObjectStore
    sources: SourceIndex
    options: IngestOptions

    def bring(self, request: IngestRequest, tell: Tell) -> IngestRequest:
        """Bring what is new and changed, and return the request that names it. A KeyboardInterrupt raises RunCancelled."""
        began = time.monotonic()
        left = self._pending(request)
        stamps = known_stamps(self.sources, request.collection, [found.origin for found in left.found])
        stop = threading.Event()
        there: list[Found] = []
        failures = list(left.failures)
        pool = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="bringing")
        try:
            for found in self._each(pool, left.found, stamps, stop):
                if isinstance(found, FileOutcome):
                    failures.append(found)
                else:
                    there.append(found)
                tell(self._progress(left, len(there) + len(failures), found.origin, began))
            if time.monotonic() - began > _LOOK_AGAIN_SECONDS:
                there = [self._looked_at_again(found) for found in there]
        except KeyboardInterrupt as interrupt:
            raise RunCancelled(
                "the files were not all brought, so no ingest was started",
                remedy="repeat it: what has been brought is not brought again",
            ) from interrupt
        finally:
            stop.set()
            pool.shutdown(wait=True, cancel_futures=True)
        brought = tuple(replace(named(found), uri="") for found in there)
        return replace(request, scanned=Scanned(brought, tuple(failures), left.unchanged))

    def plan(self, request: IngestRequest, rate: float | None) -> IngestPlan:
        """What an ingest would do, found out here; nothing is brought."""
        found = scan(request.sources, root=self.options.root, home=self.options.home, urls=request.urls)
        preparer = Preparer(
            collection=request.collection,
            size=self.options.size,
            limits=self.options.limits,
            fetch=self.options.fetch,
            stamps=known_stamps(self.sources, request.collection, [source.origin for source in found.found]),
            verify=request.verify,
            between=lambda: None,
            keep=lambda _: None,
        )
        items = preparer.steps(found.found, ())
        return plan(found, items, collection=request.collection, rate=rate, between=lambda: None)

    def _pending(self, request: IngestRequest) -> Scan:
        found = scan(request.sources, root=self.options.root, home=self.options.home, urls=request.urls)
        return pending(found, self.sources, request, self.options.size)

    def _each(
        self, pool: ThreadPoolExecutor, found: Iterable[Found], stamps: dict[str, SourceStamp], stop: threading.Event
    ) -> Iterator[Found | FileOutcome]:
        """What became of each source, in order; a bounded number of them are on their way."""
        under_way: deque[Future[Found | FileOutcome]] = deque()
        for source in found:
            under_way.append(pool.submit(self._brought, source, stamps.get(source.origin), stop))
            if len(under_way) >= _AHEAD:
                yield under_way.popleft().result()
        while under_way:
            yield under_way.popleft().result()

    def _brought(self, found: Found, stamp: SourceStamp | None, stop: threading.Event) -> Found | FileOutcome:
        if found.path is None or stop.is_set():
            return found
        try:
            with OpenSource(found, self.options.limits, self.options.fetch) as opened:
                choose_reader(opened.source_file())
                content_hash = opened.content_hash
                fresh = Recipe(str(self.options.size)).stamp(found, content_hash)
                known = stamp is not None and stamp.content_hash == fresh.content_hash
                if not (known or self.objects.exists(content_hash)):
                    with opened.rewound() as stream:
                        if self.objects.put(stream) != content_hash:
                            raise changed_while_read()
                return replace(found, content_hash=content_hash)
        except (UnreadableFile, NotFound) as error:
            return failure(found.origin, error)

    def _looked_at_again(self, found: Found) -> Found:
        if found.path is not None and not self.objects.exists(found.content_hash):
            self._brought(found, None, threading.Event())
        return found

    def _progress(self, left: Scan, done: int, current: str, began: float) -> Progress:
        total = len(left.found) + len(left.failures)
        seconds = time.monotonic() - began
        seconds_left = seconds * (total - done) / done
        return Progress(done + left.unchanged, total + left.unchanged, 0, 0.0, seconds_left, f"bringing {current}")
