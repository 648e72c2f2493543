"""One concept a file, with a name that says which."""

from __future__ import annotations

import ast
import re
from pathlib import Path

LONGEST = 250
EMPTY_NAMES = {"utils", "util", "helpers", "helper", "common", "misc", "base", "stuff", "tools"}
EMPTY_ENDINGS = re.compile(r"(Manager|Helper|Handler|Utils?)$")
MACHINE_PATH = re.compile(r"(?<![\w.{}])/(" + "work|root|home/\\w+|Users/\\w+" + r")/\w")
TEXT = {
    ".py",
    ".lua",
    ".md",
    ".toml",
    ".yml",
    ".yaml",
    ".ipynb",
    ".js",
    ".css",
    ".cfg",
    ".ini",
    ".json",
    ".lock",
    ".html",
    "",
}
TOPS = (
    *("janus_lab", "magics", "lua", "samples", "notebooks", "tests", "benchmarks", "docs", "scripts", ".ci"),
    *(
        "Makefile",
        "README.md",
        "ARCHITECTURE.md",
        "CONTRIBUTING.md",
        "CHANGELOG.md",
        "pyproject.toml",
        "environment.yml",
    ),
)


def test_no_file_is_longer_than_a_concept(code_files: list[Path], root: Path) -> None:
    lengths = {str(p.relative_to(root)): len(p.read_text(encoding="utf-8").splitlines()) for p in code_files}
    assert {name: lines for name, lines in lengths.items() if lines > LONGEST} == {}


def test_no_name_says_nothing(code_files: list[Path], root: Path) -> None:
    empty = [str(p.relative_to(root)) for p in code_files if EMPTY_NAMES & {p.stem, *p.relative_to(root).parts}]
    assert empty == []


def test_no_class_is_a_manager(code_files: list[Path]) -> None:
    classes = [
        f"{path.name}: {node.name}"
        for path in code_files
        if path.suffix == ".py"
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ClassDef) and EMPTY_ENDINGS.search(node.name)
    ]
    assert classes == []


def test_nothing_unfinished_or_mocked(code_files: list[Path], root: Path) -> None:
    unfinished = re.compile("|".join(["TO" + "DO", "FIX" + "ME", "unittest" + ".mock"]))
    tests = [path for path in (root / "tests").rglob("*.py") if path != Path(__file__)]
    assert [p.name for p in [*code_files, *tests] if unfinished.search(p.read_text(encoding="utf-8"))] == []


def test_no_function_is_a_stub(code_files: list[Path]) -> None:
    stubs = []
    for path in code_files:
        if path.suffix != ".py" or "ports" in path.parts:
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef) and not protocol_method(node, path):
                body = [
                    line
                    for line in node.body
                    if not (isinstance(line, ast.Expr) and isinstance(line.value, ast.Constant))
                ]
                if not body or (isinstance(body[0], ast.Raise) and "NotImplemented" in ast.unparse(body[0])):
                    stubs.append(f"{path.name}: {node.name}")
    assert stubs == []


def protocol_method(function: ast.FunctionDef, path: Path) -> bool:
    """Whether the function's body is `...` because a protocol needs none, or a sentence because there is nothing to do."""
    last = function.body[-1]
    says = isinstance(last, ast.Expr) and isinstance(last.value, ast.Constant)
    return says and (last.value.value is not Ellipsis or "Protocol" in path.read_text(encoding="utf-8"))


def test_no_path_of_somebodys_machine(root: Path) -> None:
    found = []
    for top in TOPS:
        start = root / top
        for path in [start] if start.is_file() else start.rglob("*"):
            if path.is_file() and path.suffix in TEXT and "__pycache__" not in path.parts:
                text = path.read_text(encoding="utf-8", errors="replace")
                found += [f"{path.relative_to(root)}: {match[0]}" for match in MACHINE_PATH.finditer(text)]
    assert found == []
