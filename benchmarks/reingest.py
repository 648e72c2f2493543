"""Compare ingesting an unchanged folder again with the first time.

python benchmarks/reingest.py [--files 2000]
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from made_files import make_files

from janus_lab import open_lab

TARGET = 0.05


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", type=int, default=2000)
    options = parser.parse_args()
    with TemporaryDirectory(ignore_cleanup_errors=True) as temporary:
        folder = Path(temporary) / "files"
        make_files(folder, options.files, paragraphs=2)
        with open_lab(Path(temporary) / "home", inline=True) as lab:
            seconds = []
            for _ in range(2):
                began = time.perf_counter()
                report = lab.ingest(folder)
                seconds.append(time.perf_counter() - began)
                print(
                    f"{report.added:5} added {report.unchanged:5} unchanged {report.embedded:6} embedded {seconds[-1]:8.2f} s"
                )
            ratio = seconds[1] / seconds[0]
            print(f"second / first: {ratio:.4f} (target {TARGET}): {'met' if ratio < TARGET else 'MISSED'}")


if __name__ == "__main__":
    main()
