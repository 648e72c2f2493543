"""What an ingest is asked to read, found: files, folders, globs and URLs, each under its origin."""

from __future__ import annotations

import glob
import os
import re
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from janus_lab.errors import FileForbidden, JanusError, NotAFile, NotFound, UnreadableFile, UrlFailed
from janus_lab.ingest.folder import FolderWalk, Problem
from janus_lab.values.document import Document
from janus_lab.values.ingest import FileOutcome, FileState
from janus_lab.values.path import user_path

_URL = re.compile(r"(?i)https?://")
_SCHEME = re.compile(r"(?i)[a-z][a-z0-9+.-]+://")
_ANY_DEPTH = "**"


@dataclass(frozen=True, slots=True)
class Found:
    """A source to be read: a file at `path`, bytes in the object store under `content_hash`, or a URL (neither; no size, no time)."""

    origin: str
    path: Path | None
    size: int = 0
    modified_ns: int = 0
    content_hash: str = ""


@dataclass(slots=True)
class Scan:
    """What a scan came to: sources in order, an outcome for each that can't be read, and how many are known to be unchanged."""

    found: list[Found] = field(default_factory=list)
    failures: list[FileOutcome] = field(default_factory=list)
    unchanged: int = 0


def scan(sources: Sequence[str], *, root: Path | None, home: Path, urls: bool) -> Scan:
    """Find every source once, in the order given and sorted within folders.

    Origins are relative to `root` for what lies in it, else absolute; the data directory `home` is never entered. URLs are
    taken only if `urls`.
    """
    result = Scan()
    seen: set[str] = set()
    for source in sources:
        for item in _expand(source, root, home, urls=urls):
            if isinstance(item, FileOutcome):
                result.failures.append(item)
            elif item.origin not in seen:
                seen.add(item.origin)
                result.found.append(item)
    return result


def failure(origin: str, error: JanusError) -> FileOutcome:
    """The outcome of a source that could not be read."""
    return FileOutcome(origin, FileState.FAILED, code=error.code, message=error.message, remedy=error.remedy)


def origin_of(path: Path, root: Path | None) -> str:
    """A file's origin: its path from `root` where it lies in it, else its absolute path; "#" is reserved for keys."""
    absolute = Path(os.path.abspath(path))  # noqa: PTH100 - links in the path are kept as the user wrote them
    if root is not None:
        if absolute.is_relative_to(root):
            absolute = absolute.relative_to(root)
        elif (real := Path(os.path.realpath(absolute))).is_relative_to(real_root := Path(os.path.realpath(root))):
            absolute = real.relative_to(real_root)
    name = os.fsencode(absolute.as_posix()).decode("utf-8", "backslashreplace")
    return name.replace("#", "%23")


def source_of(document: Document) -> str:
    """The origin of the file or URL that a document stands in."""
    return document.origin.removesuffix(f"#{document.key}") if document.key is not None else document.origin


def read_error(error: OSError) -> JanusError:
    """What the operating system says about a file, as an error with a remedy."""
    if isinstance(error, PermissionError):
        return FileForbidden("it may not be read", remedy="grant read permission (`chmod u+r`), or leave it out")
    if isinstance(error, FileNotFoundError):
        return NotFound("it is not there", remedy="check the path for typing errors")
    return UnreadableFile(f"it can't be read: {error.strerror or error}", remedy="check the disk, then ingest it again")


def _expand(source: str, root: Path | None, home: Path, *, urls: bool) -> Iterator[Found | FileOutcome]:
    if _SCHEME.match(source):
        yield _url(source, allowed=urls)
        return
    path = user_path(source)
    if not os.path.lexists(path) and glob.has_magic(source):
        yield from _glob(source, root, home)
    else:
        yield from _path(path, root, home)


def _url(source: str, *, allowed: bool) -> Found | FileOutcome:
    if not _URL.match(source):
        return failure(source, UrlFailed("only http and https are fetched", remedy="download it, then ingest the file"))
    if not allowed:
        return failure(
            source, UrlFailed("URLs are fetched only when asked for", remedy="add --urls, or download it yourself")
        )
    return Found(source.partition("#")[0], None)


def _glob(pattern: str, root: Path | None, home: Path) -> Iterator[Found | FileOutcome]:
    matches = [match for match in _matches(user_path(pattern)) if not _lies_in(match, home)]
    if not matches:
        yield failure(pattern, NotFound("nothing matches it", remedy="check the pattern, and quote it in a shell"))
    for match in matches:
        # "**" names folders beside their files; those come by themselves.
        if "**" not in pattern or not match.is_dir():
            yield from _path(match, root, home)


def _matches(pattern: Path) -> list[Path]:
    """What a pattern matches, sorted. Under "**" no link to a folder is followed: it could lead in circles."""
    parts = pattern.parts
    if _ANY_DEPTH not in parts:
        return sorted(map(Path, glob.glob(str(pattern))))  # noqa: PTH207 - the pattern may be absolute
    first = next(index for index, part in enumerate(parts) if glob.has_magic(part))
    top = Path(*parts[:first])
    hidden = any(part.startswith(".") for part in parts[first:])
    # Beside "**" as a whole component, two stars mean what one does.
    below = "/".join(part if part == _ANY_DEPTH else re.sub(r"\*+", "*", part) for part in parts[first:])
    found = set(top.glob(below))
    return sorted(
        match for match in found if hidden or not any(part.startswith(".") for part in match.relative_to(top).parts)
    )


def _lies_in(path: Path, home: Path) -> bool:
    return path.resolve().is_relative_to(home.resolve())


def _path(path: Path, root: Path | None, home: Path) -> Iterator[Found | FileOutcome]:
    try:
        status = path.stat()
    except OSError as error:
        yield failure(origin_of(path, root), read_error(error))
        return
    if not stat.S_ISDIR(status.st_mode):
        yield _file(path, status, root)
        return
    for item in FolderWalk(path, home).items():
        if isinstance(item, Problem):
            problem = item.error
            yield failure(
                origin_of(item.path, root), problem if isinstance(problem, JanusError) else read_error(problem)
            )
        else:
            yield _file(item.path, item.status, root)


def _file(path: Path, status: os.stat_result, root: Path | None) -> Found | FileOutcome:
    origin = origin_of(path, root)
    if not stat.S_ISREG(status.st_mode):
        return failure(
            origin, NotAFile("it is a pipe, socket or device", remedy="save what it yields to a file and ingest that")
        )
    return Found(origin, path, status.st_size, status.st_mtime_ns)
