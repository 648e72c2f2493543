"""One lab with a real engine room and its real models, for LangChain's own suites and ours."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from janus_lab import Lab, open_lab

TEXTS = {
    "pump.txt": "The pump house holds 12 pumps. The oldest pump was built in 1931 by Mira Okafor.",
    "mast.md": "# The mast\n\nThe north mast is 48 metres tall. It was raised in May 2003.",
    "snow.txt": "The deepest snow lay in February 1978. It covered the pump house.",
    "rain.txt": "The longest rain fell in October 1990, and the pumps ran for nine days.",
}


def project(folder: Path) -> Path:
    """A project with four short files."""
    (folder / ".janus").mkdir(parents=True)
    (folder / "notes").mkdir()
    for name, text in TEXTS.items():
        (folder / "notes" / name).write_text(text, encoding="utf-8")
    return folder


@pytest.fixture(scope="session")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    folder = project(tmp_path_factory.mktemp("langchain") / "project")
    with open_lab(folder / ".janus") as opened:
        try:
            opened.ingest(folder / "notes")
            yield opened
        finally:
            opened.down()


@pytest.fixture(scope="class")
def on_class(request: pytest.FixtureRequest, lab: Lab) -> None:
    """LangChain's suites ask their class for parameters, not fixtures."""
    request.cls.lab = lab
