"""Large files brought into the system's own cache, piece by piece: a library that then maps them whole does not wait for the disk.

A mapping that is filled at once can't be interrupted, and a cold file of tens of gigabytes takes minutes.
"""

from __future__ import annotations

import ctypes
import mmap
import sys
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

import numpy as np

from janus_lab.values.load_order import StillWanted

PIECE_BYTES = 64 << 20
_POPULATE_READ = 22  # MADV_POPULATE_READ: since Linux 5.14; an older one refuses it, and nothing is lost


def read_ahead(paths: Iterable[Path], still_wanted: StillWanted) -> None:
    """Read files that are about to be mapped, asking between two pieces. Raises what `still_wanted` raises, and nothing else.

    What the system has in its cache is neither read nor copied. Where this can't be done, whoever maps them reads them.
    """
    if not sys.platform.startswith("linux"):
        return
    for path in paths:
        with (
            suppress(OSError, ValueError),
            path.open("rb") as file,
            mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped,
        ):
            _populate(mapped, still_wanted)


def _populate(mapped: mmap.mmap, still_wanted: StillWanted) -> None:
    advise = ctypes.CDLL(None, use_errno=True).madvise
    advise.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]
    seen = np.frombuffer(mapped, np.uint8)
    try:
        for start in range(0, len(seen), PIECE_BYTES):
            still_wanted()
            length = min(PIECE_BYTES, len(seen) - start)
            if advise(seen.ctypes.data + start, length, _POPULATE_READ):
                return
    finally:
        del seen
