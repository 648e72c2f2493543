"""Notebooks run by nbmake, without the ways in which it reports a failed notebook as passed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from nbformat import NotebookNode
from nbmake.nb_result import NotebookError, NotebookResult
from nbmake.nb_run import NotebookRun

TIMEOUT_SECONDS = 600
"""For a cell; some start an engine room, fetch a model or ingest, on whatever machine."""


class StrictRun(NotebookRun):
    """A run that passes only when every cell ran to its end.

    IPython reports its own UsageError (an unknown magic, a bad option) in a reply without an error output; nbmake looks for
    one, finds none, and calls the notebook passed though the cells after it never ran. An exception in a thread leaves
    nothing but a traceback on stderr. Both are failures here.
    """

    def execute(self) -> NotebookResult:
        result = super().execute()
        return (
            result
            if result.error is not None
            else replace(result, error=_unfinished(result.nb) or _in_thread(result.nb))
        )

    def _get_error(self, nb: NotebookNode) -> NotebookError | None:
        return super()._get_error(nb) or _last_cell(nb, "the cell failed without an error output")


def _unfinished(nb: NotebookNode) -> NotebookError | None:
    left = [c for c in nb.cells if c.cell_type == "code" and c.source.strip() and not c.get("execution_count")]
    return _last_cell(nb, f"{len(left)} cells after this one never ran") if left else None


def _in_thread(nb: NotebookNode) -> NotebookError | None:
    for index, cell in enumerate(nb.cells):
        if cell.cell_type == "code" and "Exception in thread" in (said := _stderr(cell)):
            return NotebookError(said.strip().splitlines()[-1], f"{cell.source}\n{said}", index)
    return None


def _last_cell(nb: NotebookNode, otherwise: str) -> NotebookError:
    """What the last cell that ran has to say for itself."""
    ran = [(i, c) for i, c in enumerate(nb.cells) if c.cell_type == "code" and c.get("execution_count")]
    index, cell = ran[-1] if ran else (0, nb.cells[0])
    said = _stderr(cell).strip() or otherwise
    return NotebookError(said.splitlines()[-1], f"{cell.source}\n{said}", index)


def _stderr(cell: NotebookNode) -> str:
    outputs = cell.get("outputs", [])
    return "".join(o.get("text", "") for o in outputs if o.output_type == "stream" and o.get("name") == "stderr")


@pytest.fixture
def run_notebook(tmp_path, monkeypatch) -> Callable[[Path], NotebookResult]:
    """Run a notebook from its own folder; its kernel has a fresh profile and no data directory but its own."""
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    monkeypatch.setenv("JANUS_HOME", str(tmp_path / "home"))
    return lambda file: StrictRun(file, TIMEOUT_SECONDS).execute()
