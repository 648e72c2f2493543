"""The classes that Neo4j loads at its start, kept parsed (class data sharing), which halves the work of every later start."""

from __future__ import annotations

import hashlib
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from native_stack import cache, keeper, ports
from native_stack.kind import Site

_SECONDS = 300.0
_PAUSE_SECONDS = 0.2
_FILE = "classes.jsa"


def archive(
    version: str, java: str, site: Site, command: Callable[[Site], tuple[str, ...]], answers: Callable[[Site], bool]
) -> Path | None:
    """The archive for this version and this `java -version`, made if it is not there yet by a start of its own (a minute).

    None where that start failed once: an archive only saves time, and Java takes none that doesn't fit.
    """

    def make(folder: Path) -> None:
        with tempfile.TemporaryDirectory(prefix="janus-classes-") as home:
            held = [ports.reserve() for _ in range(1 + len(site.spare_ports))]
            first, *spare = (port.number for port in held)
            own = Site(Path(home), first, tuple(spare), site.values, site.service)
            try:
                _start_and_stop(own, command(own), folder / _FILE, answers)
            finally:
                for port in held:
                    port.release()

    told = hashlib.sha256(java.encode()).hexdigest()[:12]
    file = cache.brought("neo4j-classes", f"{version}-{told}", make) / _FILE
    return file if file.is_file() else None


def _start_and_stop(site: Site, command: tuple[str, ...], file: Path, answers: Callable[[Site], bool]) -> None:
    java, *rest = command
    options = [f"--folder={site.folder}", f"--grace={_SECONDS}"]
    process = subprocess.Popen(  # noqa: S603 - our own program
        [sys.executable, "-P", keeper.__file__, *options, "--", java, f"-XX:ArchiveClassesAtExit={file}", *rest],
        stdin=subprocess.DEVNULL,
    )
    deadline = time.monotonic() + _SECONDS
    while process.poll() is None and time.monotonic() < deadline and not answers(site):
        time.sleep(_PAUSE_SECONDS)
    # It writes the archive when it ends in good order.
    process.terminate()
    process.wait(2 * _SECONDS)
