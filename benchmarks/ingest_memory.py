"""See whether the memory of an ingest grows with the corpus: peak resident size for 1,000 and 10,000 chunks of one file.

    python benchmarks/ingest_memory.py [--small 1000] [--large 10000]

Each ingest runs in a process of its own; the index, which that process owns, is counted with it.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from made_files import corpus_lines

from janus_lab import open_lab

TARGET = 1.3
KIB = 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--small", type=int, default=1000)
    parser.add_argument("--large", type=int, default=10_000)
    parser.add_argument("--one", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one is not None:
        ingest_one(options.one)
        return
    small, large = (measure(lines) for lines in (options.small, options.large))
    ratio = large / small
    print(f"peak {small:.0f} MiB for {options.small:,} chunks, {large:.0f} MiB for {options.large:,}")
    print(f"ratio: {ratio:.2f} (target {TARGET}): {'met' if ratio <= TARGET else 'MISSED'}")


def measure(lines: int) -> float:
    """Peak resident size, in MiB, of a process that ingests a corpus of so many lines."""
    with TemporaryDirectory(ignore_cleanup_errors=True) as temporary:
        corpus = Path(temporary) / "corpus.jsonl"
        with corpus.open("w", encoding="utf-8") as file:
            file.writelines(f"{line}\n" for line in corpus_lines(lines))
        done = subprocess.run(
            [sys.executable, __file__, "--one", str(corpus)], capture_output=True, text=True, check=True
        )
        figures = json.loads(done.stdout.splitlines()[-1])
        print(f"{figures['chunks']:6} chunks  peak {figures['peak_mib']:7.1f} MiB")
        return float(figures["peak_mib"])


def ingest_one(corpus: Path) -> None:
    with open_lab(corpus.parent / "home", inline=True) as lab:
        report = lab.ingest(corpus)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(json.dumps({"chunks": report.chunks, "peak_mib": peak / KIB}))


if __name__ == "__main__":
    main()
