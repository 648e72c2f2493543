"""Waiting for what another thread or process does, for as long as a machine may take that does much else."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

PATIENCE_SECONDS = 120.0
"""Where something is broken a test ends then; whatever works has happened long before, on any machine."""

Found = TypeVar("Found")


def until(found: Callable[[], Found], what: str = "") -> Found:
    """What it gives, once it gives anything true. `what` names it for whoever waited in vain."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not (value := found()):
        assert time.monotonic() < deadline, f"waited {PATIENCE_SECONDS:.0f} s in vain for {what or found}"
        time.sleep(0.01)
    return value
