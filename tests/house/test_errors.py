"""Every error a user can meet has a code of its own and says what to do next."""

from __future__ import annotations

import ast
import importlib
import pickle
import pkgutil
import re
from pathlib import Path

import pytest

import janus_lab
from janus_lab.errors import JanusError


def all_errors() -> list[type[JanusError]]:
    """JanusError and every subclass in the product."""
    for module in pkgutil.walk_packages(janus_lab.__path__, "janus_lab."):
        if not module.name.endswith("__main__") and ".migrations." not in module.name:
            importlib.import_module(module.name)
    found, waiting = [], [JanusError]
    while waiting:
        kind = waiting.pop()
        found.append(kind)
        waiting += kind.__subclasses__()
    return [kind for kind in found if kind.__module__.startswith("janus_")]


ERRORS = all_errors()


def test_codes_are_unique() -> None:
    codes = [kind.code for kind in ERRORS]
    assert sorted(codes) == sorted(set(codes))
    assert len(codes) > 15


@pytest.mark.parametrize("kind", ERRORS, ids=lambda kind: kind.__name__)
def test_an_error_has_a_code_and_needs_a_remedy(kind: type[JanusError]) -> None:
    assert re.fullmatch(r"[a-z]+(-[a-z]+)*", kind.code)
    assert "code" in vars(kind), "a subclass that inherits its code can't be told from its parent"
    with pytest.raises(TypeError, match="remedy"):
        kind("something happened")
    error = kind("something happened", remedy="do this")
    assert error.lines() == [f"{kind.code}: something happened", "What to do next: do this"]
    copy = pickle.loads(pickle.dumps(error))
    assert (type(copy), copy.lines()) == (kind, error.lines())


def test_no_remedy_is_empty(code_files: list[Path]) -> None:
    empty = [
        f"{path.name}:{node.value.lineno}"
        for path in code_files
        if path.suffix == ".py"
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.keyword) and node.arg == "remedy"
        if isinstance(node.value, ast.Constant) and len(str(node.value.value).split()) < 2
    ]
    assert empty == []
