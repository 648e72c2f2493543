"""Files that are whole at every moment, whoever is killed."""

from __future__ import annotations

import os
import stat
import tempfile
from pathlib import Path


def replace_text(file: Path, text: str, *, mode: int | None = None) -> None:
    """Write `text` in place of what `file` holds, or make it; a link stays one. Raises OSError, leaving the file as it was.

    It keeps its permissions, unless `mode` gives others; a new one gets `mode`, or what the user's mask allows.
    """
    target = file.resolve()
    if mode is None:
        mode = stat.S_IMODE(target.stat().st_mode) if target.exists() else 0o666 & ~_umask()
    descriptor, aside = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}-")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as output:
            output.write(text)
            output.flush()
            os.fchmod(output.fileno(), mode)
            os.fsync(output.fileno())
        Path(aside).replace(target)
    except BaseException:
        Path(aside).unlink(missing_ok=True)
        raise


def _umask() -> int:
    current = os.umask(0o077)
    os.umask(current)
    return current
