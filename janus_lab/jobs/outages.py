"""One line in the log when a broker is lost and one when it is back, instead of some a second from every queue's thread."""

from __future__ import annotations

import logging
import threading

from janus_lab.adapters.queue.answers import BROKER_ANSWERS

_CONSUMERS = "dramatiq.worker.ConsumerThread"
_LOST = "Consumer encountered a connection error"
_RESTARTING = "Restarting consumer"


class Outages(logging.Filter):
    """A handler's filter, for all threads of the process. What is queued meanwhile stays with whoever queued it."""

    def __init__(self) -> None:
        super().__init__()
        self._lock = threading.Lock()
        self._lost = False

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether the record tells something new."""
        if isinstance(record.msg, dict):
            return record.msg.get("event") != BROKER_ANSWERS or self._changes(lost=False)
        if not record.name.startswith(_CONSUMERS):
            return True
        if record.msg.startswith(_LOST):
            return self._changes(lost=True)
        return not record.msg.startswith(_RESTARTING)

    def _changes(self, *, lost: bool) -> bool:
        with self._lock:
            changed, self._lost = lost is not self._lost, lost
        return changed
