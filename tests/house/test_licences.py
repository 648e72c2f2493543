"""What an installation brings is free to use, and listed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest


@pytest.fixture(scope="module")
def licences(root: Path):
    """`scripts/licences.py` as a module."""
    import importlib.util

    spec = importlib.util.spec_from_file_location("licences", root / "scripts" / "licences.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules["licences"] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


def test_every_licence_is_allowed_and_listed(root: Path) -> None:
    done = subprocess.run(
        [sys.executable, "scripts/licences.py", "--check"],
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
    )
    assert done.returncode == 0, done.stdout


def test_torch_is_not_needed(licences) -> None:
    names = {one.name for one in licences.needed()}
    assert {"dramatiq", "llama-cpp-python", "jupyterlab"} <= names
    assert names.isdisjoint({"torch", "sentence-transformers", "transformers"})


@pytest.mark.parametrize(
    ("licence", "strong"),
    [
        ("GPL-3.0-or-later", True),
        ("AGPL-3.0", True),
        ("GNU General Public License v2 (GPLv2)", True),
        ("GNU Affero General Public License v3", True),
        ("GNU Lesser General Public License v3 or later (LGPLv3+)", False),
        ("LGPL-2.1-only", False),
        ("GPL-2.0-only OR MIT", False),
        ("Apache-2.0", False),
    ],
)
def test_strong_copyleft_is_recognised(licences, licence: str, strong: bool) -> None:
    assert licences.strong_copyleft(licence) is strong


def test_a_stale_page_is_told(licences) -> None:
    rows = licences.needed()
    page = licences.page(rows)
    assert licences.complaints(rows, page) == []
    first = rows[0]
    stale = page.replace(f"| {first.name} | ", "| another | ", 1)
    assert any(first.name in complaint for complaint in licences.complaints(rows, stale))


def test_what_another_system_needs_stays_listed(licences) -> None:
    rows = licences.needed()
    page = licences.page(
        [*rows, licences.Needed("colorama", "BSD-3-Clause", "base"), licences.Needed("gone", "MIT", "base")]
    )
    assert [one.name for one in licences.elsewhere(rows, page)] == ["colorama"]
    assert any("gone" in complaint for complaint in licences.complaints(rows, page))
