"""A server of models that we own: started when it is needed, watched, started again once it has ended or hangs."""

from __future__ import annotations

import http.client
import re
import secrets
import socket
import threading
import time

from janus_lab.adapters.backend.managed_commands import HOST, launch
from janus_lab.adapters.backend.server_process import ServerProcess
from janus_lab.errors import ModelFailed
from janus_lab.values.load_order import LoadOrder

START_SECONDS = 900.0
"""Loading tens of gigabytes from a slow disk takes minutes."""
GRACE_SECONDS = 5.0
"""So long a server has to end by itself."""
_ASK_SECONDS = 5.0
_LOOK_SECONDS = 0.05
_PORTS_TRIED = 3
_REST_SECONDS = 2.0
"""A server that ends right after its start is not started again at once."""
_OK, _NO_SUCH_PATH = 200, 404
_STRANGE = re.compile(r"[^\w.-]+")


class ManagedServer:
    """One model's server on a port of loopback, under a key that nobody else has."""

    def __init__(self, order: LoadOrder) -> None:
        self.key = secrets.token_urlsafe(24)
        self.log = order.logs / f"model-{_STRANGE.sub('-', order.record.name)[:80]}.log"
        self._order = order
        self._alone = threading.Lock()
        self._process: ServerProcess | None = None
        self.stopped = False
        """Whether it was ended for good."""
        self._began = -_REST_SECONDS
        self._port = 0

    @property
    def uri(self) -> str:
        """Where it answers."""
        return f"http://{HOST}:{self._port}/v1"

    @property
    def pid(self) -> int:
        """The process from which all of the server's descend; 0 while there is none."""
        return self._process.pid if self._process else 0

    def ensure(self, *, suspected: bool = False) -> bool:
        """Have it run and answer; whether it was started for that. One that is `suspected` must answer now.

        Raises ModelFailed with what its log says if it can't, MissingPackage if there is no such program, and what the order's
        `still_wanted` does: the server is to be stopped then.
        """
        with self._alone:
            if self.stopped:
                raise self._gone()
            runs = self._process is not None and not self._process.has_ended()
            if runs and (not suspected or self._is_well(_ASK_SECONDS)):
                return False
            self._end()
            self._start()
            return True

    def stop(self) -> None:
        """End it for good; a start that is under way is given up."""
        self.stopped = True
        with self._alone:
            self._end()

    def _start(self) -> None:
        time.sleep(max(0.0, self._began + _REST_SECONDS - time.monotonic()))
        # Another program may take a port between our looking and the server's asking for it.
        for left in range(_PORTS_TRIED - 1, -1, -1):
            self._port = _free_port()
            started = launch(self._order, self._port, self.key)
            self._began = time.monotonic()
            self._process = ServerProcess(
                started.command,
                environment=started.environment,
                log=self.log,
                hidden=self.key,
                grace_seconds=GRACE_SECONDS,
            )
            if self._comes_up(self._process):
                return
            if self.stopped:
                self._end()
                raise self._gone()
            ended, said = self._process.has_ended(), self._process.said()
            self._end()
            if not (ended and left and _is_taken(self._port)):
                raise self._failed(ended=ended, said=said)

    def _comes_up(self, process: ServerProcess) -> bool:
        deadline = self._began + START_SECONDS
        while time.monotonic() < deadline and not (process.has_ended() or self.stopped):
            self._order.still_wanted()
            if self._is_well(_ASK_SECONDS):
                return True
            time.sleep(_LOOK_SECONDS)
        return False

    def _is_well(self, seconds: float) -> bool:
        """Whether it says so; servers that have no such call list their models once they can serve."""
        status = self._status("/health", seconds)
        return status == _OK or (status == _NO_SUCH_PATH and self._status("/v1/models", seconds) == _OK)

    def _status(self, path: str, seconds: float) -> int:
        connection = http.client.HTTPConnection(HOST, self._port, timeout=seconds)
        try:
            connection.request("GET", path, headers={"Authorization": f"Bearer {self.key}"})
            return connection.getresponse().status
        except (OSError, http.client.HTTPException):
            return 0
        finally:
            connection.close()

    def _end(self) -> None:
        if self._process is not None:
            self._process.stop()
            self._process = None

    def _gone(self) -> ModelFailed:
        return ModelFailed(
            f"the server of the model {self._order.record.name} has been stopped",
            remedy="repeat; it is started again when asked",
        )

    def _failed(self, *, ended: bool, said: str) -> ModelFailed:
        what = "ended at its start" if ended else f"did not answer within {START_SECONDS:.0f} seconds"
        return ModelFailed(
            f"the server of the model {self._order.record.name} {what}: {said}",
            remedy=f"read {self.log} and mend the cause, then repeat",
        )


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port


def _is_taken(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind((HOST, port))
        except OSError:
            return True
        return False
