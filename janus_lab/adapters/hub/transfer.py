"""One file from the hub to disk: gone on with where an earlier transfer ended, and kept only if its hash is right."""

from __future__ import annotations

import hashlib
import os
import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol

import httpx
from huggingface_hub.errors import HfHubHTTPError

from janus_lab.adapters.hub.arriving import Answer, arriving
from janus_lab.errors import HashMismatch

_BLOCK = 1 << 20
_ATTEMPTS = 6
_PAUSE_SECONDS = 0.5
_LONGEST_PAUSE_SECONDS = 30.0
_LOOK_SECONDS = 0.1
_PASSING = frozenset({408, 429, 500, 502, 503, 504})
_REST = 206

Ask = Callable[[int], Answer]
"""Requests a file from a byte on."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A file of a repository: its size in bytes, and the SHA-256 of its content, or for small files the id git gives it."""

    name: str
    size: int
    sha256: str = ""
    git_id: str = ""

    @property
    def key(self) -> str:
        """What its bytes are called in the cache."""
        return self.sha256 or self.git_id


class Digest(Protocol):
    """A hash that goes on."""

    def update(self, data: bytes, /) -> None:
        """Add bytes."""
        ...

    def hexdigest(self) -> str:
        """The hash of all that was added."""
        ...


def digest_of(wanted: Wanted) -> Digest:
    """A hash that ends as the wanted file's key."""
    if wanted.sha256:
        return hashlib.sha256()
    # As git names it: it finds damage, and says no more of who wrote the file than the commit that names it.
    return hashlib.sha1(b"blob %d\0" % wanted.size, usedforsecurity=False)


@dataclass(slots=True)
class _Landing:
    """What has come of a file so far. What an earlier transfer left is counted now, and read once all is there."""

    file: BinaryIO
    wanted: Wanted
    have: int
    digest: Digest | None = None

    def __post_init__(self) -> None:
        if self.have == 0:
            self.digest = digest_of(self.wanted)

    def add(self, piece: bytes) -> None:
        """Keep what came."""
        self.file.write(piece)
        self.have += len(piece)
        if self.digest is not None:
            self.digest.update(piece)

    def restart(self) -> None:
        """Begin anew."""
        self.file.truncate(0)
        self.have, self.digest = 0, digest_of(self.wanted)

    def right(self, check: Callable[[], None]) -> bool:
        """Whether it is what was announced."""
        return (self.digest or self._read(check)).hexdigest() == self.wanted.key

    def _read(self, check: Callable[[], None]) -> Digest:
        digest = digest_of(self.wanted)
        self.file.flush()
        self.file.seek(0)
        while block := self.file.read(_BLOCK):
            check()
            digest.update(block)
        return digest


class Transfer:
    """Fetches one file into `partial`, a path that stays the same for the same bytes. For one process at a time."""

    def __init__(self, wanted: Wanted, partial: Path, ask: Ask) -> None:
        self._wanted = wanted
        self._partial = partial
        self._ask = ask

    def run(self, told: Callable[[int], None], check: Callable[[], None]) -> None:
        """Fetch what is missing. `told` is called with the bytes so far; `check` may raise to end it: what came is kept.

        Raises HashMismatch for other bytes than were announced (they are thrown away), OSError, or what the hub's client raises.
        """
        resumed = self._partial.exists() and self._partial.stat().st_size > 0
        if self._fetched(told, check):
            return
        # What an earlier transfer left may have been damaged since; a file fetched in one go is what the hub gave.
        if resumed and self._fetched(told, check):
            return
        raise HashMismatch(
            f"what came for {self._wanted.name} is not what its publisher announced; it was thrown away",
            remedy="repeat later; if it stays so, tell the publisher, and trust the model no further",
        )

    def _fetched(self, told: Callable[[int], None], check: Callable[[], None]) -> bool:
        """Whether the file is there with the right hash now; one with a wrong hash is gone."""
        with self._partial.open("a+b") as file:
            landing = _Landing(file, self._wanted, self._partial.stat().st_size)
            self._fill(landing, told, check)
            right = landing.right(check)
            file.flush()
            os.fsync(file.fileno())
        if not right:
            self._partial.unlink(missing_ok=True)
        return right

    def _fill(self, landing: _Landing, told: Callable[[int], None], check: Callable[[], None]) -> None:
        failures = 0
        while landing.have < self._wanted.size:
            before = landing.have
            try:
                self._read(landing, told, check)
            except (httpx.TransportError, HfHubHTTPError) as error:
                landing.file.flush()
                failures = 1 if landing.have > before else failures + 1
                if failures >= _ATTEMPTS or not _may_pass(error):
                    raise
                _pause(failures, error, check)
            else:
                # A body may end early without a word.
                failures = 0 if landing.have > before else failures + 1
                if failures >= _ATTEMPTS:
                    return

    def _read(self, landing: _Landing, told: Callable[[int], None], check: Callable[[], None]) -> None:
        start = landing.have
        for item in arriving(lambda: self._ask(start), check):
            if isinstance(item, httpx.Response):
                if start and item.status_code != _REST:
                    landing.restart()
                continue
            landing.add(item)
            told(min(landing.have, self._wanted.size))
            if landing.have > self._wanted.size:
                return


def _pause(failures: int, error: Exception, check: Callable[[], None]) -> None:
    # By chance, so that many who were cut off together don't come back together.
    longest = min(_LONGEST_PAUSE_SECONDS, _PAUSE_SECONDS * 2 ** (failures - 1))
    until = time.monotonic() + max(_told_to_wait(error), longest * random.uniform(0.5, 1.0))  # noqa: S311 - no secret
    while (left := until - time.monotonic()) > 0:
        check()
        time.sleep(min(_LOOK_SECONDS, left))


def _may_pass(error: Exception) -> bool:
    return not isinstance(error, HfHubHTTPError) or error.response.status_code in _PASSING


def _told_to_wait(error: Exception) -> float:
    """Seconds that the hub wants to be left alone for."""
    if not isinstance(error, HfHubHTTPError):
        return 0.0
    told = error.response.headers.get("Retry-After", "")
    return min(float(told), _LONGEST_PAUSE_SECONDS) if told.isdigit() else 0.0
