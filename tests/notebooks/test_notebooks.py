"""Every notebook in `notebooks/` runs from top to bottom, its assertions hold, and a broken one would be noticed."""

from pathlib import Path

import nbformat
import pytest
from nbconvert import HTMLExporter

pytestmark = pytest.mark.timeout(900)
WIDGET = "application/vnd.jupyter.widget-view+json"
NOTEBOOKS = sorted((Path(__file__).parents[2] / "notebooks").glob("*.ipynb"))


@pytest.mark.parametrize("file", NOTEBOOKS, ids=lambda file: file.stem)
def test_notebook(file, run_notebook):
    result = run_notebook(file)
    assert result.error is None, result.error.trace
    outputs = [output for cell in result.nb.cells for output in cell.get("outputs", [])]
    for data in (output["data"] for output in outputs if "data" in output):
        assert set(data) - {WIDGET} <= {"text/plain", "text/html"}
        # Where no widget can be drawn, text and HTML stand in its place.
        assert WIDGET not in data or {"text/plain", "text/html"} < set(data)


@pytest.mark.parametrize("file", NOTEBOOKS, ids=lambda file: file.stem)
def test_a_notebook_is_kept_without_outputs(file):
    notebook = nbformat.read(file, 4)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert [cell.outputs for cell in code] == [[]] * len(code)
    assert any("assert" in cell.source for cell in code)


def test_a_live_display_is_exported_as_it_last_was(tmp_path, run_notebook):
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    notebook = nbformat.v4.new_notebook(metadata={"kernelspec": kernel})
    notebook.cells = [nbformat.v4.new_code_cell(cell) for cell in ("%load_ext janus_lab", "%janus monitor")]
    nbformat.write(notebook, tmp_path / "live.ipynb")
    result = run_notebook(tmp_path / "live.ipynb")
    assert result.error is None, result.error.trace
    result.nb.metadata.pop(
        "widgets", None
    )  # as with --ExecutePreprocessor.store_widget_state=False, which an export for reading offline needs
    page, _ = HTMLExporter().from_notebook_node(result.nb)
    assert "free to lease" in page
    assert "no engine room runs" in page


def test_there_is_a_quick_start():
    assert "01_quickstart" in [file.stem for file in NOTEBOOKS]


@pytest.mark.parametrize(
    ("cells", "index", "words"),
    [
        (["x = 1", "%no_such_magic", "assert False"], 1, "no_such_magic"),
        (["%timeit -q --nonsense 1", "assert False"], 0, ""),
        (["%load_ext janus_lab", "%janus serach x", "assert False"], 1, "What to do next"),
        (
            ["x = 1", "import threading\nt = threading.Thread(target=lambda: 1 / 0)\nt.start()\nt.join()", "y = 2"],
            1,
            "Zero",
        ),
        (["assert False, 'plainly'"], 0, "plainly"),
    ],
    ids=["unknown magic", "bad option", "our usage error", "thread", "assertion"],
)
def test_a_broken_notebook_fails(cells, index, words, tmp_path, run_notebook):
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    notebook = nbformat.v4.new_notebook(metadata={"kernelspec": kernel})
    notebook.cells = [nbformat.v4.new_code_cell(cell) for cell in cells]
    nbformat.write(notebook, tmp_path / "broken.ipynb")
    result = run_notebook(tmp_path / "broken.ipynb")
    assert result.error is not None
    assert result.error.failing_cell_index == index
    assert words in result.error.summary
