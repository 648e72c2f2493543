"""Results as JSON-ready data, for `--json`."""

from __future__ import annotations

from dataclasses import is_dataclass
from typing import Any


def as_data(value: object) -> Any:
    """A verb's result as dictionaries, lists, strings and numbers."""
    from janus_lab.values.codec import to_json
    from janus_lab.verbs.listings import SharedRun

    if isinstance(value, SharedRun):
        # As a run that nobody shares, and one name more.
        return {**to_json(value.run), "shares": as_data(list(value.shares))}
    if isinstance(value, list):
        return [as_data(item) for item in value]
    return to_json(value) if is_dataclass(value) else value
