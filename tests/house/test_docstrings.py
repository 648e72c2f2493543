"""Every public module, class and function says something that its name does not."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

Named = ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef


def public(tree: ast.Module | ast.ClassDef) -> Iterator[Named]:
    """Public definitions of a module or class, nested classes' own included."""
    for node in tree.body:
        if isinstance(node, Named) and not node.name.startswith("_"):
            yield node
            if isinstance(node, ast.ClassDef):
                yield from public(node)


def is_second_face(node: Named) -> bool:
    """Setters and overloads speak through the definition they belong to."""
    names = {ast.unparse(decorator).rpartition(".")[2] for decorator in node.decorator_list}
    return bool(names & {"setter", "overload", "override"})


def words(text: str) -> set[str]:
    """Lower-case word stems of a name or sentence."""
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", text)
    return {word.lower().rstrip("s") for word in re.findall(r"[A-Za-z]+", spaced)} - {"a", "an", "the", "of"}


def test_public_definitions_say_what_their_names_do_not(code_files: list[Path], root: Path) -> None:
    silent, echoing = [], []
    for path in code_files:
        if path.suffix != ".py":
            continue
        tree = ast.parse(path.read_text(encoding="utf-8"))
        place = str(path.relative_to(root))
        if tree.body and not ast.get_docstring(tree):
            silent.append(place)
        for node in public(tree):
            docstring = ast.get_docstring(node)
            if not docstring and not is_second_face(node):
                silent.append(f"{place}: {node.name}")
            elif docstring and words(docstring) <= words(node.name):
                echoing.append(f"{place}: {node.name}")
    assert silent == []
    assert echoing == []
