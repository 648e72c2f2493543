"""How long does a model take from a hub to disk, and what does a cut connection cost: beside Hugging Face's own client.

    python benchmarks/model_fetch.py [--megabytes 256] [--rounds 3]

A hub on loopback serves both, in alternating turns and each into an empty cache. Ours checks every byte by SHA-256 as it comes; the
other client trusts lengths. Then each is cut off for good in the middle and begun again: bytes sent in all, over the file's.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from hub_stand_in import HubStandIn, running_hub
from huggingface_hub import hf_hub_download

from janus_lab.adapters.hub.huggingface import open_hub
from janus_lab.errors import RunCancelled
from janus_lab.inference.hashes import FileHashes

URI = "hf://org/model/model.gguf"
PEER = """
import sys
from huggingface_hub import hf_hub_download
hf_hub_download("org/model", "model.gguf", endpoint=sys.argv[1], cache_dir=sys.argv[2], token=False)
"""
Fetch = Callable[[HubStandIn, Path, float], None]


def main() -> int:
    """Measure, and print seconds and ratios."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--megabytes", type=int, default=256)
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    size = arguments.megabytes << 20
    with running_hub() as hub, TemporaryDirectory() as folder:
        hub.put("org/model", {"model.gguf": os.urandom(size)})
        whole(hub, Path(folder), arguments.rounds)
        interrupted(hub, Path(folder), size)
    return 0


def whole(hub: HubStandIn, folder: Path, rounds: int) -> None:
    """Fetch without a disturbance."""
    seconds: dict[str, list[float]] = {"ours": [], "huggingface_hub": []}
    for turn in range(rounds):
        for name, fetch in {"ours": ours, "huggingface_hub": peer}.items():
            began = time.perf_counter()
            fetch(hub, folder / f"{name}-{turn}", 2.0)
            seconds[name].append(time.perf_counter() - began)
    for name, taken in seconds.items():
        print(f"{name:>16}: {median(taken):6.2f} s")
    print(
        f"{'ratio':>16}: {median(seconds['huggingface_hub']) / median(seconds['ours']):6.2f} × as fast, hash included"
    )


def interrupted(hub: HubStandIn, folder: Path, size: int) -> None:
    """Give up in the middle, and begin again as another process would."""
    for name, fetch in {"ours": ours, "huggingface_hub": peer}.items():
        hub.log.clear()
        fetch(hub, folder / f"{name}-cut", 0.5)
        fetch(hub, folder / f"{name}-cut", 2.0)
        starts = [
            int(a.range.removeprefix("bytes=").removesuffix("-") or 0) for a in hub.log if is_body(a.path, a.method)
        ]
        sent = size * 0.5 + sum(size - start for start in starts[1:])
        print(f"{name:>16}: {sent / size:6.2f} × the file's bytes sent, over a cut in its middle")


def is_body(path: str, method: str) -> bool:
    """Whether a request was for the file itself."""
    return "resolve" in path and method == "GET"


def ours(hub: HubStandIn, cache: Path, part: float) -> None:
    """Fetch with our adapter, giving up after `part` of the file."""
    told = [0.0]
    with open_hub(hub.url, hash_of=FileHashes(cache).of, cache=cache) as opened:
        try:
            opened.fetch(
                opened.find(URI),
                progress=lambda _name, done, total: told.append(done / total),
                cancelled=lambda: told[-1] >= part,
            )
        except RunCancelled:
            return


def peer(hub: HubStandIn, cache: Path, part: float) -> None:
    """Fetch with Hugging Face's client, in a process of its own where it is to be killed in the middle."""
    if part > 1:
        hf_hub_download("org/model", "model.gguf", endpoint=hub.url, cache_dir=cache, token=False)
        return
    hub.slow_seconds = 0.001
    with subprocess.Popen([sys.executable, "-c", PEER, hub.url, str(cache)]) as child:
        half = len(hub.repositories["org/model"].files["model.gguf"]) * part
        while sum(path.stat().st_size for path in cache.rglob("*.incomplete")) < half:
            time.sleep(0.01)
        child.kill()
    hub.slow_seconds = 0.0


if __name__ == "__main__":
    sys.exit(main())
