"""What a user calls a source, as an absolute path, glob or URL that means the same in every process."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from janus_lab.errors import NotFound, UserError
from janus_lab.values.path import user_path

GLOB_SIGNS = "*?["


def locate(sources: Sequence[str | Path], *, urls: bool) -> tuple[str, ...]:
    """Make each source absolute. Raises NotFound for a missing path, UserError for a URL without `urls` or no source.

    An empty name is no source: it would mean the current folder, and comes from a variable that was never set.
    """
    if not sources or not all(str(source).strip() for source in sources):
        raise UserError("there is nothing to ingest", remedy="name files, folders or globs")
    return tuple(_absolute(str(source), urls=urls) for source in sources)


def _absolute(source: str, *, urls: bool) -> str:
    if source.startswith(("http://", "https://")):
        if not urls:
            raise UserError(f"{source} is a URL", remedy="add --urls (urls=True) to let Janus fetch it")
        return source
    path = user_path(source).absolute()
    is_glob = any(sign in source for sign in GLOB_SIGNS)
    if not is_glob and not path.exists() and not path.is_symlink():
        raise NotFound(
            f"there is no file or folder {source}", remedy=f"check the path; it was looked for in {Path.cwd()}"
        )
    return str(path)
