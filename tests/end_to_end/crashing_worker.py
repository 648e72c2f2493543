"""A real worker whose native library crashes, with a real SIGSEGV, whenever it opens the model called `crasher`."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager

from janus_lab.compose import models
from janus_lab.compose.worker import SweepingWorker, open_worker
from janus_lab.settings import Settings
from janus_lab.values.load_order import LoadOrder
from janus_lab.values.model import ModelRecord

_opener = models._opener


def _crashing(record: ModelRecord) -> models.Open:
    if record.name != "crasher":
        return _opener(record)

    @contextmanager
    def crash(_order: LoadOrder) -> Iterator[None]:
        os.kill(os.getpid(), signal.SIGSEGV)
        yield

    return crash


@contextmanager
def open_crashing(settings: Settings) -> Iterator[SweepingWorker]:
    models._opener = _crashing
    with open_worker(settings) as carrier:
        yield carrier
