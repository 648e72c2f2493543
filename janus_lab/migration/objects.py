"""Original bytes from one object store into another."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

from janus_lab.migration.side import Side, Tell

_AT_ONCE = 4
"""Objects under way at a time: most of a small one is waiting."""


def copy_objects(source: Side, target: Side, tell: Tell) -> list[str]:
    """Carry every object over that is not there yet. Returns the keys of those whose bytes are not what their key says."""
    keys = list(source.objects.keys())
    there = set(target.objects.keys())
    missing = [key for key in keys if key not in there]
    done = len(keys) - len(missing)
    tell("objects", done, len(keys))
    damaged: list[str] = []
    with ThreadPoolExecutor(_AT_ONCE) as threads:
        for group in _groups(missing):
            for key, whole in zip(group, threads.map(lambda key: _copy(source, target, key), group), strict=True):
                damaged += [] if whole else [key]
                done += 1
            tell("objects", done, len(keys))
    return damaged


def _copy(source: Side, target: Side, key: str) -> bool:
    with source.objects.open(key) as data:
        written = target.objects.put(data)
    if written != key:
        target.objects.remove(written)
    return written == key


def _groups(keys: list[str], size: int = 16 * _AT_ONCE) -> Iterator[list[str]]:
    for start in range(0, len(keys), size):
        yield keys[start : start + size]
