"""One ingest on the full stack by one worker and by two: how much faster two are.

    python benchmarks/scale_out.py [--files 512] [--turns 2] [--workers 2]

Servers are started natively and are on the same machine, and so are the workers, each of which computes with one thread; the
vector store is the one at JANUS_TEST_QDRANT_URL, else the stand-in of tests. One and several workers take turns on files of
like size, made anew each time because embeddings are remembered; models are loaded before. Measured is the run alone, from
its beginning to its end. The target holds where each worker has a core, and the servers one more.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from made_files import make_files

from janus_lab import Lab, open_lab

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT / "scripts"), str(ROOT / "tests"), str(ROOT / "tests" / "end_to_end")]
TARGET = 1.7
WARM_UP_FILES = 130
"""Enough for a share each."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", type=int, default=512)
    parser.add_argument("--turns", type=int, default=2)
    parser.add_argument("--workers", type=int, default=2)
    options = parser.parse_args()
    print(f"{os.cpu_count()} cores for the servers, {options.workers} workers of one thread each, and this client")
    ratios = []
    with TemporaryDirectory(ignore_cleanup_errors=True) as temporary, servers() as settings:
        for turn in range(options.turns):
            speeds = {}
            for count in (1, options.workers) if turn % 2 == 0 else (options.workers, 1):
                speeds[count] = measured(Path(temporary) / f"{turn}-{count}", settings, count, options.files)
            ratios.append(speeds[options.workers] / speeds[1])
    ratio = statistics.median(ratios)
    told = "met" if ratio >= TARGET else "MISSED"
    print(f"{options.workers} workers are {ratio:.2f} times as fast as one (target {TARGET}): {told}")


def measured(folder: Path, settings: dict[str, str], workers: int, files: int) -> float:
    """Chunks a second of one ingest by so many workers."""
    from hosts import Host

    make_files(folder / "warm-up", WARM_UP_FILES, paragraphs=1, seed=len(str(folder)) + workers)
    make_files(folder / "files", files, seed=uuid.uuid4().int % 2**32)
    with ExitStack() as stack:
        for number in range(workers):
            stack.enter_context(Host(folder / f"host-{number}", settings)).start()
        lab = stack.enter_context(open_lab(folder / "home", collection=uuid.uuid4().hex, **settings))
        lab.ingest(folder / "warm-up")
        report = lab.ingest(folder / "files")
        seconds = elapsed(lab, report.run_id)
    print(f"{workers} at work: {report.embedded:6} chunks {seconds:7.2f} s {report.embedded / seconds:8.1f} chunks/s")
    return report.embedded / seconds


def elapsed(lab: Lab, run_id: str) -> float:
    """Seconds from a run's beginning to its end."""
    run = lab.run(run_id)
    assert run.started_at is not None
    assert run.finished_at is not None
    return run.finished_at - run.started_at


@contextmanager
def servers() -> Iterator[dict[str, str]]:
    """The settings of a full set of servers, started for this measurement."""
    from native_stack import minio, postgresql, rabbitmq, redis
    from native_stack.engine import Engine
    from qdrant_stand_in import kind as qdrant

    kinds = {"relational_url": postgresql, "broker_url": rabbitmq, "redis_url": redis, "objects_url": minio}
    real = os.environ.get("JANUS_TEST_QDRANT_URL", "")
    with TemporaryDirectory(ignore_cleanup_errors=True) as temporary, ExitStack() as stack:
        folder = Path(temporary)
        # PostgreSQL runs as a user of its own, who may pass through.
        folder.chmod(0o711)
        settings = {"profile": "stack", "vectors_url": real}
        if not real:
            kinds["vectors_url"] = qdrant
        for name, kind in kinds.items():
            settings[name] = stack.enter_context(Engine(kind, folder / kind.SERVICE)).url
        yield settings


if __name__ == "__main__":
    main()
