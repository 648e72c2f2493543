"""The claim on a run while it is carried out: renewed in the background, with an ear for the wish to cancel."""

from __future__ import annotations

import threading
import time
from typing import Self

from janus_lab.errors import ClaimLost, DiskFull, EngineError
from janus_lab.ports.claims import Claims
from janus_lab.values.run import Run

CLAIM_SECONDS = 6.0
"""A claim whose holder died is free after so long."""
CANCEL_POLL_SECONDS = 0.05
"""How often a wish to cancel is looked for; interrupt must stop generation within half a second."""


class Watch:
    """Renews a claim in the background and looks for the wish to cancel."""

    def __init__(self, claims: Claims, run: Run, holder: str, fence: int) -> None:
        self._lost = False
        self._claims = claims
        self._run_id = run.id
        # Who cancels a run means its shares, too.
        self._wishes = (run.id, run.parent) if run.parent else (run.id,)
        self._holder = holder
        self._fence = fence
        self._stop = threading.Event()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._loop, name=f"watch-{run.id[:8]}", daemon=True)

    def stopped(self) -> bool:
        """Whether the run is to stop: it was cancelled, or the claim is lost."""
        return self._stop.is_set()

    def require(self) -> None:
        """Raise ClaimLost if the run was stopped because of that: nobody has cancelled it, and an attempt is still to come."""
        if self._lost:
            raise ClaimLost(
                f"the claim on run {self._run_id[:12]} expired while it was carried out",
                remedy="nothing is lost: the run is tried again",
            )

    def __enter__(self) -> Self:
        self._look()
        self._thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._over.set()
        self._thread.join()

    def _loop(self) -> None:
        renewed = time.monotonic()
        while not self._over.wait(CANCEL_POLL_SECONDS):
            now = time.monotonic()
            try:
                self._look()
                if now - renewed > CLAIM_SECONDS / 3:
                    if not self._claims.renew(self._run_id, self._holder, self._fence, CLAIM_SECONDS):
                        self._lose()
                        return
                    renewed = now
            except (EngineError, DiskFull):
                # The server may be restarting, or have no room; past its time to live the claim may be another's.
                if now - renewed > CLAIM_SECONDS:
                    self._lose()
                    return

    def _look(self) -> None:
        if not self._stop.is_set() and any(self._claims.cancel_requested(run_id) for run_id in self._wishes):
            self._stop.set()

    def _lose(self) -> None:
        self._lost = True
        self._stop.set()
