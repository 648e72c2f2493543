"""Forgetting look-ups: runs whose result was handed over at once and is of no use later."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager

import structlog

from janus_lab.errors import JanusError
from janus_lab.ports.ledger import Ledger
from janus_lab.ports.step_claims import StepClaim, StepClaims
from janus_lab.values.run import LOOKUPS

DAY_SECONDS = 24 * 3600.0
STEP = "forget-look-ups"
_TTL_SECONDS = 600.0
"""Far longer than it takes. Whoever dies at it is followed by another after so long."""
_LOOKS = 24
"""Every worker looks so often in a turn whether it is due."""

_log = structlog.get_logger(__name__)


@contextmanager
def forgetting(
    ledger: Ledger, steps: StepClaims, *, keep_days: int, every_seconds: float = DAY_SECONDS
) -> Iterator[None]:
    """While inside, forget look-ups that ended more than `keep_days` ago, once a day however many workers there are."""
    over = threading.Event()
    holder = uuid.uuid4().hex

    def look() -> None:
        while True:
            try:
                _forget_if_due(ledger, steps, holder, keep_days=keep_days, every_seconds=every_seconds)
            except JanusError:
                # Nothing waits for it; the next look, or another worker, does it.
                _log.warning("look-ups-not-forgotten", exc_info=True)
            if over.wait(every_seconds / _LOOKS):
                return

    thread = threading.Thread(target=look, name="forgetting", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def _forget_if_due(ledger: Ledger, steps: StepClaims, holder: str, *, keep_days: int, every_seconds: float) -> None:
    claim, fence = steps.take(STEP, holder, _TTL_SECONDS)
    if claim is not StepClaim.TAKEN:
        return
    try:
        count = ledger.prune(kinds=LOOKUPS, before=time.time() - keep_days * DAY_SECONDS)
    except JanusError:
        steps.release(STEP, holder, fence)
        raise
    steps.finish(STEP, holder, fence, keep_seconds=every_seconds)
    _log.info("look-ups-forgotten", count=count)
