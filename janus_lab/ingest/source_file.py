"""A file as readers get it: a seekable stream, a name, and bounds."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import BinaryIO

from janus_lab.errors import FileTooLarge


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds on one file: what lies beyond them is refused, never cut silently."""

    file_bytes: int = 200_000_000
    text_characters: int = 50_000_000
    line_bytes: int = 16 * 1024 * 1024
    pages: int = 10_000
    archive_entries: int = 20_000
    expanded_bytes: int = 1024 * 1024 * 1024
    expansion_ratio: int = 250
    seconds: float = 240.0


@dataclass(slots=True)
class SourceFile:
    """One file being read. `name` is its path or URL; `warnings` gathers what the user is told though reading goes on."""

    name: str
    stream: BinaryIO
    size: int
    limits: Limits = field(default_factory=Limits)
    charset: str | None = None
    """The character set that a server named for it, if one did."""
    warnings: list[str] = field(default_factory=list)
    began: float = field(default_factory=time.monotonic)

    @property
    def stem(self) -> str:
        """The file's name without folder and extension: its title where it has none."""
        return PurePosixPath(self.name.split("?", 1)[0]).stem or self.name

    @property
    def extension(self) -> str:
        """Its extension in lower case with the dot, or ""."""
        return PurePosixPath(self.name.split("?", 1)[0] if "://" in self.name else self.name).suffix.lower()

    def head(self, size: int = 8192) -> bytes:
        """Its first bytes."""
        self.stream.seek(0)
        data = self.stream.read(size)
        self.stream.seek(0)
        return data

    def data(self) -> bytes:
        """All of its bytes."""
        self.stream.seek(0)
        return self.stream.read()

    def check_time(self) -> None:
        """Raise FileTooLarge if reading has taken too long; to be called between pages, rows or cells."""
        if time.monotonic() - self.began > self.limits.seconds:
            raise FileTooLarge(
                f"reading it took more than {self.limits.seconds:.0f} s",
                remedy="split it into smaller files and ingest those",
            )
