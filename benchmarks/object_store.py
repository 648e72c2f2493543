"""How long do objects take into a bucket and out of it: beside the bare `minio` client on the same server.

    python benchmarks/object_store.py [--megabytes 64] [--small 5000] [--rounds 5] [--url s3://KEY:SECRET@host:port/bucket]

Both sides write and read the same bytes in alternating turns; the bare client is told names and lengths, while the store
finds both out. Small objects (1 to 8 KiB) go in rounds of a share each. Without --url, a server of its own is started.
"""

from __future__ import annotations

import argparse
import io
import os
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit

from minio import Minio

from janus_lab.adapters.objects.minio import open_objects
from janus_lab.ports.objects import ObjectStore

Round = list[bytes]
_PIECE = 1 << 20


class Bare:
    """The driver, as one would write it by hand."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._bucket = parts.path.strip("/") + "-bare"
        self._client = Minio(
            f"{parts.hostname}:{parts.port}", access_key=parts.username, secret_key=parts.password, secure=False
        )
        if not self._client.bucket_exists(self._bucket):
            self._client.make_bucket(self._bucket)

    def put(self, name: str, data: bytes) -> None:
        """Write an object."""
        self._client.put_object(self._bucket, name, io.BytesIO(data), len(data))

    def get(self, name: str) -> int:
        """Read an object, and say how long it is."""
        response = self._client.get_object(self._bucket, name)
        try:
            return counted(response.read)
        finally:
            response.close()
            response.release_conn()


def counted(read: Callable[[int], bytes]) -> int:
    size = 0
    while piece := read(_PIECE):
        size += len(piece)
    return size


def timed(act: Callable[[], object]) -> float:
    started = time.perf_counter()
    act()
    return time.perf_counter() - started


def compare(name: str, rounds: list[Round], bare: Bare, store: ObjectStore) -> None:
    """Put and get every round on both sides, in alternating turns; print the median of the rounds' times and ratios."""
    times: dict[str, list[float]] = {"put bare": [], "put ours": [], "get bare": [], "get ours": []}
    for number, objects in enumerate(rounds):
        names = [f"{name}/{number}/{n}" for n in range(len(objects))]
        keys: list[str] = []
        turns: dict[str, Callable[[], object]] = {
            "put bare": lambda: [bare.put(*pair) for pair in zip(names, objects, strict=True)],  # noqa: B023
            "put ours": lambda: keys.extend(store.put(io.BytesIO(data)) for data in objects),  # noqa: B023
            "get bare": lambda: [bare.get(one) for one in names],  # noqa: B023
            "get ours": lambda: [read(store, key) for key in keys],  # noqa: B023
        }
        order = list(turns) if number % 2 else ["put ours", "put bare", "get ours", "get bare"]
        for turn in order:
            times[turn].append(timed(turns[turn]))
    total = sum(len(data) for data in rounds[0])
    for act in ("put", "get"):
        pairs = zip(times[f"{act} ours"], times[f"{act} bare"], strict=True)
        ratio = median(ours / theirs for ours, theirs in pairs)
        ours, theirs = median(times[f"{act} ours"]), median(times[f"{act} bare"])
        amount = f"{total / 2**20 / ours:6.0f} MB/s" if len(rounds[0]) == 1 else f"{len(rounds[0]) / ours:6.0f} /s"
        print(f"{name:8} {act}   ours {ours:7.3f} s ({amount})   bare {theirs:7.3f} s   ratio {ratio:.2f}", flush=True)


def read(store: ObjectStore, key: str) -> int:
    with store.open(key) as file:
        return counted(file.read)


@contextmanager
def server(url: str | None) -> Iterator[str]:
    """The server named, or one of our own that ends with us."""
    if url is not None:
        yield url
        return
    sys.path.insert(0, str(Path(__file__).parents[1] / "scripts"))
    from native_stack import minio
    from native_stack.engine import Engine

    with TemporaryDirectory() as folder:
        with Engine(minio, Path(folder) / "minio") as engine:
            yield engine.url
        shutil.rmtree(folder, ignore_errors=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--megabytes", type=int, default=64)
    parser.add_argument("--small", type=int, default=5000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--url")
    options = parser.parse_args()
    share = options.small // options.rounds
    with server(options.url) as url, open_objects(url) as store:
        bare = Bare(url)
        compare("warm-up", [[os.urandom(1000) for _ in range(50)]], bare, store)
        compare("large", [[os.urandom(options.megabytes << 20)] for _ in range(options.rounds)], bare, store)
        small = [[os.urandom(1024 * (1 + n % 8)) for n in range(share)] for _ in range(options.rounds)]
        compare("small", small, bare, store)


if __name__ == "__main__":
    main()
