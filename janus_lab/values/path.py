"""Paths as people write them."""

from __future__ import annotations

import os.path
from pathlib import Path


def user_path(text: str | Path) -> Path:
    """A path with "~" as the home folder; where it means nobody's home ("~$report.docx"), it is an ordinary letter."""
    return Path(os.path.expanduser(text))  # noqa: PTH111 - Path.expanduser raises RuntimeError where there is no such user
