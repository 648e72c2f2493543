"""One inline lab with three documents, shared by the tests of this folder that only read."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from janus_lab import Lab, open_lab

PUMP = "The pump house holds 12 pumps. The oldest pump was built in 1931 by Mira Okafor. It still runs every day."
MAST = "# The mast\n\nThe north mast is 48 metres tall. It was raised by a crew of nine people in May 2003."


def write_project(folder: Path) -> Path:
    """A project of two files and one corpus of two lines."""
    (folder / ".janus").mkdir(parents=True)
    notes = folder / "notes"
    notes.mkdir()
    (notes / "pump.txt").write_text(PUMP, encoding="utf-8")
    (notes / "mast.md").write_text(MAST, encoding="utf-8")
    lines = [
        '{"id": "a1", "title": "Snow", "text": "The deepest snow lay in February 1978.", "year": 1978}',
        '{"id": "a2", "title": "Rain", "text": "The longest rain fell in October 1990.", "year": 1990}',
    ]
    (notes / "weather.jsonl").write_text("\n".join(lines), encoding="utf-8")
    return folder


@pytest.fixture
def project(tmp_path) -> Path:
    return write_project(tmp_path / "a próject")


@pytest.fixture
def lab(project) -> Iterator[Lab]:
    with open_lab(project / ".janus", inline=True) as opened:
        opened.ingest(project / "notes")
        yield opened
