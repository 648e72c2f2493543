"""Where in the source an adapter of a model is asked for."""

from __future__ import annotations

import ast
from pathlib import Path

import janus_lab

_ROOT = Path(janus_lab.__file__).parent
_MODELS = ("embedding", "generation")


def openers_of_models() -> set[str]:
    """Files that call `factory` for a model's port."""
    return {
        str(path.relative_to(_ROOT))
        for path in _ROOT.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == "factory"
        and node.args
        and isinstance(node.args[0], ast.Constant)
        and node.args[0].value in _MODELS
    }
