"""A process that is kept running: started again when it ends, ever later, and given up when it never lasts."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable

LASTS_SECONDS = 10.0
"""A process that ran so long started well; ending sooner is a quick failure."""
QUICK_FAILURES = 5
"""So many in a row, and the process is given up."""
_FIRST_PAUSE_SECONDS = 0.1
_LONGEST_PAUSE_SECONDS = 5.0


class Child:
    """One process with the law by which it is started again. Single-threaded: its owner calls `tend` now and then."""

    def __init__(
        self,
        launch: Callable[[], subprocess.Popen[bytes]],
        give_up: Callable[[int], None],
        clock: Callable[[], float] = time.monotonic,
        *,
        began: Callable[[], bool] = lambda: True,
    ) -> None:
        """After every end `began()` says whether the process had got so far as to work: if not, it failed quickly.

        Then `give_up(exit_status)` raises if the process is not to be started again at all.
        """
        self._launch = launch
        self._give_up = give_up
        self._began = began
        self._clock = clock
        self._process: subprocess.Popen[bytes] | None = None
        self._started_at = 0.0
        self._due_at = 0.0
        self.quick_failures = 0

    @property
    def pid(self) -> int | None:
        """The running process."""
        return self._process.pid if self._process is not None else None

    @property
    def process(self) -> subprocess.Popen[bytes] | None:
        """The running process as an object."""
        return self._process

    @property
    def gives_up(self) -> bool:
        """Whether it has ended too quickly too often."""
        return self.quick_failures >= QUICK_FAILURES

    def tend(self) -> bool:
        """Notice an end, start again when that is due; whether anything changed."""
        return self._noticed_end() or self._started()

    def stop(self, *, wait_seconds: float) -> None:
        """End it with SIGTERM, and with SIGKILL if it does not obey in time; it is not started again."""
        process, self._process, self._due_at = self._process, None, float("inf")
        if process is None:
            return
        process.terminate()
        try:
            process.wait(wait_seconds)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def _noticed_end(self) -> bool:
        if self._process is None or self._process.poll() is None:
            return False
        status, self._process = self._process.returncode, None
        now = self._clock()
        lasted = self._began() and now - self._started_at >= LASTS_SECONDS
        self.quick_failures = 0 if lasted else self.quick_failures + 1
        self._give_up(status)
        pause = min(_LONGEST_PAUSE_SECONDS, _FIRST_PAUSE_SECONDS * 2.0 ** (self.quick_failures - 2))
        self._due_at = now + (pause if self.quick_failures > 1 else 0.0)
        return True

    def _started(self) -> bool:
        if self._process is not None or self._clock() < self._due_at:
            return False
        self._process = self._launch()
        self._started_at = self._clock()
        return True
