"""Runs remember the cell that asked for them; there is none in a script or a terminal."""

from __future__ import annotations

from IPython.core.interactiveshell import InteractiveShell

from janus_lab.settings.asking_cell import asking_cell


def asked(shell) -> str:
    shell.run_cell("cell = asking_cell()", store_history=True)
    return shell.user_ns["cell"]


def test_without_a_shell_there_is_no_cell():
    assert not InteractiveShell.initialized()
    assert asking_cell() == ""


def test_a_cell_is_named_by_its_number_and_the_notebook_that_jupyter_names(shell, monkeypatch):
    monkeypatch.delenv("JPY_SESSION_NAME", raising=False)
    shell.run_cell("from janus_lab.settings.asking_cell import asking_cell", store_history=True)
    assert asked(shell) == "In [2]"
    monkeypatch.setenv("JPY_SESSION_NAME", "folder/wind report.ipynb")
    assert asked(shell) == "In [3] of wind report.ipynb"


def test_in_vs_code_a_variable_names_the_notebook(shell, monkeypatch):
    monkeypatch.setenv("JPY_SESSION_NAME", "a0b1.json")
    shell.user_ns["__vsc_ipynb_file__"] = "/somewhere/else.ipynb"
    shell.run_cell("from janus_lab.settings.asking_cell import asking_cell", store_history=True)
    assert asked(shell) == "In [2] of else.ipynb"
