"""A machine that somebody wrote down: its inventory is a sample in a file, read anew whenever the file changes.

For trying what Janus does on a machine that is not here, with other people's programs on it and accelerators that fail.
"""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from janus_lab.errors import ProbeFailed
from janus_lab.ports.probe import Probe
from janus_lab.values.codec import from_json, to_json
from janus_lab.values.machine import Sample


@contextmanager
def open_probe(url: str, *, machine: str = "") -> Iterator[Probe]:
    """The machine in the file of an `inventory:///path.json`, under the name `machine`, or its own without one."""
    yield InventoryProbe(Path(unquote(urlsplit(url).path)), machine)


def write_inventory(path: Path, sample: Sample) -> None:
    """Write down a machine, in one step: a reader never sees half of it."""
    written = path.with_name(f".{path.name}.{os.getpid()}.{threading.get_ident()}")
    written.write_text(json.dumps(to_json(sample), indent=1), encoding="utf-8")
    written.replace(path)


class InventoryProbe:
    """Tells what is in a file, as if it were measured now. A field `hangs_seconds` beside the sample's makes it slow to answer."""

    def __init__(self, path: Path, machine: str) -> None:
        self._path = path
        self._machine = machine

    def sample(self, ours: Collection[int]) -> Sample:
        """The machine as it is written down, with `ours` marked. Raises ProbeFailed if there is none to be read."""
        try:
            facts: dict[str, Any] = json.loads(self._path.read_text(encoding="utf-8"))
            time.sleep(facts.pop("hangs_seconds", 0.0))
            sample = from_json(Sample, facts)
        except (OSError, ValueError, TypeError, KeyError, ExceptionGroup) as error:
            raise ProbeFailed(
                f"there is no inventory to be read in {self._path}", remedy='write one, or set probe_url = "local://"'
            ) from error
        processes = tuple(replace(process, ours=process.ours or process.pid in ours) for process in sample.processes)
        return replace(sample, machine=self._machine or sample.machine, at=time.time(), processes=processes)
