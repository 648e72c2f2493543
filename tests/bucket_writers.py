"""Processes that write into a bucket, and what they leave there."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from native_stack.engine import Engine


def writer(program: str, url: str) -> subprocess.Popen[str]:
    """A process of its own; the URL, which has the secret, is not among its arguments."""
    process = subprocess.Popen([sys.executable, "-c", program], stdin=subprocess.PIPE, text=True)
    assert process.stdin is not None
    process.stdin.write(url + "\n")
    process.stdin.close()
    return process


def unfinished(engine: Engine) -> list[Path]:
    """Uploads in parts that the server has in hand."""
    folder = engine.folder / "data" / ".minio.sys" / "multipart"
    return [path for path in folder.glob("*/*") if path.is_dir()]
