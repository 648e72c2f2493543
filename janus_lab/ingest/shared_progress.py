"""How far the shares of an ingest are together, told as the progress of the ingest."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Self

import structlog

from janus_lab.errors import DiskFull, EngineError
from janus_lab.ingest.progress import TELL_EVERY_SECONDS
from janus_lab.ingest.workload import EACH
from janus_lab.runs.context import RunContext
from janus_lab.values.codec import from_json
from janus_lab.values.event import Event, EventKind
from janus_lab.values.ingest import IngestReport, Progress
from janus_lab.values.run import Run

_NEXT = 8
"""So many shares of which nothing was heard are listened to; they are begun in their order, or nearly so."""

_log = structlog.get_logger(__name__)


@dataclass(slots=True)
class _Share:
    """What is known of one share."""

    id: str
    files: int
    weight: int
    heard: str = ""
    silent: bool = False
    """Its first warnings were told by an earlier attempt."""
    files_done: int = 0
    chunks_done: int = 0
    over: bool = False
    heard_out: bool = False

    @property
    def weight_done(self) -> float:
        return self.weight * self.files_done / self.files


class SharedProgress:
    """Listens to the shares' events in a thread of its own, passes on their warnings, and tells the sum of their progress."""

    def __init__(self, context: RunContext, known: IngestReport, shares: Sequence[Run], *, resumed: bool) -> None:
        self._context = context
        self._files = known.unchanged + known.failed
        self._shares = {share.id: _share(share, silent=resumed) for share in shares}
        self._current = ""
        self._began = time.monotonic()
        self._before: tuple[float, int] | None = None
        self._lock = threading.Lock()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._loop, name=f"shares-{context.run.id[:8]}", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._over.set()
        self._thread.join()
        self._turn()

    def ended(self, share: Run) -> None:
        """A share is over, as the ledger says."""
        with self._lock:
            known = self._shares[share.id]
            known.over, known.files_done = True, known.files
            if share.result is not None:
                known.chunks_done = max(known.chunks_done, int(share.result.get("chunks", 0)))

    def _loop(self) -> None:
        while not self._over.wait(TELL_EVERY_SECONDS):
            self._turn()

    def _turn(self) -> None:
        try:
            self._listen()
            self._tell()
        except (EngineError, DiskFull):
            # Whoever listens misses a moment; the work goes on, or meets the trouble itself.
            _log.warning("progress-not-told", run=self._context.run.id, exc_info=True)

    def _listen(self) -> None:
        left = [share for share in self._shares.values() if not share.heard_out]
        unheard = [share for share in left if not (share.heard or share.over)][:_NEXT]
        for share in [*(share for share in left if share.heard or share.over), *unheard]:
            last = share.over
            for event in self._context.share_events(share.id, share.heard):
                self._take(share, event)
            share.silent, share.heard_out = False, last

    def _take(self, share: _Share, event: Event) -> None:
        share.heard = event.sequence
        if event.kind is EventKind.WARNING and not share.silent:
            self._context.emit(EventKind.WARNING, **event.data)
        elif event.kind is EventKind.PROGRESS:
            progress = from_json(Progress, event.data)
            with self._lock:
                share.files_done = max(share.files_done, progress.files_done)
                share.chunks_done = max(share.chunks_done, progress.chunks_done)
            self._current = progress.current or self._current

    def _tell(self) -> None:
        with self._lock:
            shares = list(self._shares.values())
            weight_done = sum(share.weight_done for share in shares)
            chunks = sum(share.chunks_done for share in shares)
            files = sum(share.files_done for share in shares)
        # An attempt that goes on with a run takes credit only for what it sees coming.
        weight_before, chunks_before = self._before = self._before or (weight_done, chunks)
        elapsed = max(time.monotonic() - self._began, 1e-6)
        done, left = weight_done - weight_before, sum(share.weight for share in shares) - weight_done
        progress = Progress(
            files_done=self._files + files,
            files_total=self._files + sum(share.files for share in shares),
            chunks_done=chunks,
            chunks_per_second=(chunks - chunks_before) / elapsed,
            seconds_left=elapsed * left / done if done > 0 else None,
            current=self._current,
        )
        self._context.emit(EventKind.PROGRESS, **asdict(progress))


def _share(share: Run, *, silent: bool) -> _Share:
    found = share.request["scanned"]["found"]
    return _Share(share.id, len(found), sum(source["size"] + EACH for source in found), silent=silent)
