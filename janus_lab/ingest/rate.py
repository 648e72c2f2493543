"""How fast ingests were, as the ledger knows."""

from __future__ import annotations

from janus_lab.ports.ledger import Ledger
from janus_lab.values.run import RunKind, RunState

RATE_CHUNKS = 20
"""An ingest of fewer chunks says more about loading models than about speed."""


def ingest_rate(ledger: Ledger) -> float | None:
    """Chunks a second of the last ingest that embedded enough to tell; None before the first."""
    for run in ledger.find(kinds=(RunKind.INGEST,), states=(RunState.DONE,), limit=20, brief=True):
        result = run.result or {}
        if result.get("embedded", 0) >= RATE_CHUNKS and result.get("seconds", 0) > 0:
            return float(result["embedded"] / result["seconds"])
    return None
