"""Forgetting look-ups: runs whose result was handed over at once and is of no use later."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import structlog

from janus_lab.errors import JanusError
from janus_lab.ports.ledger import Ledger
from janus_lab.values.run import LOOKUPS

DAY_SECONDS = 24 * 3600.0

_log = structlog.get_logger(__name__)


@contextmanager
def forgetting(ledger: Ledger, *, keep_days: int, every_seconds: float = DAY_SECONDS) -> Iterator[None]:
    """While inside, forget look-ups that ended more than `keep_days` ago: at once, and then once a day."""
    over = threading.Event()

    def forget() -> None:
        while True:
            try:
                count = ledger.prune(kinds=LOOKUPS, before=time.time() - keep_days * DAY_SECONDS)
                _log.info("look-ups-forgotten", count=count)
            except JanusError:
                # Nothing waits for it; the next turn, or the next worker, does it.
                _log.warning("look-ups-not-forgotten", exc_info=True)
            if over.wait(every_seconds):
                return

    thread = threading.Thread(target=forget, name="forgetting", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
