"""Notebooks are committed as they were written, not as they were last run."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

NOTEBOOKS = sorted((Path(__file__).parents[2] / "notebooks").glob("*.ipynb"))


def strip(path: Path, root: Path) -> int:
    """The exit status of the stripping script: 1 when it changed the file."""
    script = root / "scripts" / "strip_notebooks.py"
    return subprocess.run([sys.executable, str(script), str(path)], check=False, timeout=240).returncode


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_holds_no_outputs(path: Path, root: Path, tmp_path: Path) -> None:
    copy = tmp_path / path.name
    shutil.copy(path, copy)
    assert strip(copy, root) == 0, f"run `python scripts/strip_notebooks.py {path.name}`"


def test_outputs_are_taken_out_and_tags_stay(root: Path, tmp_path: Path) -> None:
    path = tmp_path / "ran.ipynb"
    cell = {
        "cell_type": "code",
        "execution_count": 3,
        "id": "one",
        "metadata": {"tags": ["keep"], "execution": {"iopub": "now"}},
        "outputs": [{"output_type": "stream", "name": "stdout", "text": "hello"}],
        "source": "print('hello')",
    }
    metadata = {"kernelspec": {"name": "python3"}, "widgets": {"state": {}}}
    path.write_text(json.dumps({"cells": [cell], "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}))
    assert strip(path, root) == 1
    after = json.loads(path.read_text())
    assert after["metadata"] == {"kernelspec": {"name": "python3"}}
    assert after["cells"][0]["outputs"] == []
    assert after["cells"][0]["metadata"] == {"tags": ["keep"]}
    assert strip(path, root) == 0
